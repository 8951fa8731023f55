// The page over HTTPS: with the web server's certificate, which may change while the agent runs.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { DEFINITION } from '../../../host/config/definition.ts';
import { defaultsOf } from '../../../host/config-values/defaults.ts';
import { Console } from '../../../host/daemon/console/console.ts';
import { ALL_ENABLED } from '../../../host/daemon/rules/rule-selection.ts';
import { directoryForTests } from '../../support/directory.ts';
import { Authority } from '../../support/servers/authority.ts';
import { freePort } from '../../support/servers/free-port.ts';

const folder = directoryForTests();
const authority = new Authority(folder);
const certificate = join(folder, 'page.pem');
let page: Console;

/** One file with both, as Falco has it. */
function issue(name: string): string {
  const made = authority.issue(name);
  const path = join(folder, `${name}.pem`);
  writeFileSync(path, readFileSync(made.certificate, 'latin1') + readFileSync(made.key, 'latin1'));
  return path;
}

before(async () => {
  copyFileSync(issue('first'), certificate);
  const base = defaultsOf(DEFINITION);
  const started = await Console.start(
    {
      configuration: {
        ...base,
        console: {
          ...base.console,
          ...{ enabled: true, listen: `0.0.0.0:${await freePort()}`, token_file: join(folder, 'token') },
        },
        webserver: { ...base.webserver, ssl_enabled: true, ssl_certificate: certificate },
      },
      modules: [],
      ruleFiles: [],
      selection: ALL_ENABLED,
    },
    () => {},
  );
  assert.ok(started);
  page = started;
});
after(() => page.close());

interface Reply {
  readonly status: number | undefined;
  readonly cookie: string;
  /** Of the certificate. */
  readonly subject: string;
}

function ask(path: string, method = 'GET', headers: Readonly<Record<string, string>> = {}, body = ''): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, page.link), { method, headers, ca: authority.pem, agent: false }, (response) => {
      const subject = String((response.socket as TLSSocket).getPeerCertificate().subject.CN);
      response.resume();
      resolve({ status: response.statusCode, cookie: String(response.headers['set-cookie']), subject });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('a session has a cookie for HTTPS alone, and pages over HTTP are foreign', async () => {
  const { origin, hash } = new URL(page.link);
  assert.match(origin, /^https:\/\/127\.0\.0\.1:/);
  const plain = origin.replace('https', 'http');
  const token = hash.replace('#token=', '');
  assert.equal((await ask('/session', 'POST', { origin: plain }, token)).status, 403);
  const opened = await ask('/session', 'POST', { origin }, token);
  assert.equal(opened.status, 200);
  assert.match(opened.cookie, /; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/);
  await assert.rejects(fetch(plain));
});

test('a certificate that is renewed is used for the next connection', async () => {
  assert.equal((await ask('/')).subject, 'first');
  const next = issue('second');
  renameSync(next, certificate);
  const end = Date.now() + 30_000;
  while ((await ask('/')).subject !== 'second') {
    assert.ok(Date.now() < end, 'the certificate of before is in use');
    await sleep(50);
  }
});
