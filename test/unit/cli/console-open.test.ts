// Where `wasprey console` opens the page, and who gets the address that the browser is started with.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { desktopOf } from '../../../host/cli/console/desktop.ts';
import { handOver } from '../../../host/cli/console/hand-over.ts';
import { openOn } from '../../../host/cli/console/open-page.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { until } from '../../support/until.ts';

const run = promisify(execFile);
const LINK = 'http://127.0.0.1:8766/#token=secret';
const NOBODY = 65534;
const ROOT = process.getuid?.() === 0;

// Of all users: an opener of another user is started from there.
const folder = mkdtempSync(join(tmpdir(), 'wasprey-open-'));
chmodSync(folder, 0o777);
after(() => rmSync(folder, { recursive: true }));

/** A program in place of xdg-open, in a folder of its own. */
function opener(name: string, script: string): string {
  mkdirSync(join(folder, name));
  chmodSync(join(folder, name), 0o777);
  const path = join(folder, name, 'xdg-open');
  writeFileSync(path, `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  return path;
}

/** As a browser does: asks for the address, and notes who it is, what it was started with and the answer. */
const BROWSER = opener(
  'browser',
  `noted="$(dirname "$0")/noted"
   [[ $1 =~ ^http://127.0.0.1:([0-9]+)(/.*)$ ]] || exit 3
   exec 3<>"/dev/tcp/127.0.0.1/\${BASH_REMATCH[1]}"
   printf 'GET %s HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n' "\${BASH_REMATCH[2]}" >&3
   { id -u; echo "$HOME $SECRET $XDG_RUNTIME_DIR"; tr '\\0' ' ' </proc/$$/cmdline; echo; cat <&3; } >"$noted.part"
   mv "$noted.part" "$noted"`,
);
const NOTED = join(folder, 'browser', 'noted');

/** What the browser has noted when it has read the answer. */
async function noted(): Promise<string> {
  await until(() => existsSync(NOTED));
  const text = readFileSync(NOTED, 'utf8');
  rmSync(NOTED);
  return text;
}

const PATH = join(folder, 'browser');
const PERSON = { isInteractive: true, uid: 1000 };

test('there is a desktop for a person at a display of this machine, where a program opens addresses', () => {
  for (const display of [{ DISPLAY: ':0' }, { WAYLAND_DISPLAY: 'wayland-0' }])
    assert.equal(desktopOf({ ...PERSON, environment: { PATH, ...display } })?.opener, BROWSER);
  const none: readonly Readonly<Record<string, string>>[] = [
    { PATH },
    { PATH, DISPLAY: '' },
    // By ssh -X, the display is another machine's.
    { PATH, DISPLAY: 'localhost:10.0' },
    { PATH: folder, DISPLAY: ':0' },
    // Not from wherever the command is called.
    { PATH: '.:', DISPLAY: ':0' },
  ];
  for (const environment of none)
    assert.equal(desktopOf({ ...PERSON, environment }), undefined, JSON.stringify(environment));
  assert.equal(desktopOf({ ...PERSON, isInteractive: false, environment: { PATH, DISPLAY: ':0' } }), undefined);
});

test("root's desktop is that of who called sudo, with nothing else of root's environment", () => {
  const environment = { PATH, DISPLAY: ':0', HOME: '/root', SECRET: 'x', SUDO_UID: String(NOBODY), SUDO_GID: '65534' };
  const desktop = desktopOf({ ...PERSON, uid: 0, environment });
  assert.deepEqual([desktop?.uid, desktop?.gid], [NOBODY, NOBODY]);
  const { HOME: home, SECRET: secret, XDG_RUNTIME_DIR: runtime } = desktop?.environment ?? {};
  assert.ok(home !== undefined && home !== '/root');
  assert.deepEqual([secret, runtime], [undefined, `/run/user/${NOBODY}`]);
  for (const other of [{}, { SUDO_UID: '0', SUDO_GID: '0' }, { SUDO_UID: '1000' }, { SUDO_UID: 'x', SUDO_GID: '1' }])
    assert.equal(desktopOf({ ...PERSON, uid: 0, environment: { PATH, DISPLAY: ':0', ...other } }), undefined);
});

test('a browser is sent to the page, and its arguments do not have the token', async () => {
  const uid = process.getuid?.() ?? 0;
  assert.equal(await openOn({ opener: BROWSER, environment: { PATH: process.env.PATH }, uid }, LINK), true);
  const [user, , words = '', first, ...headers] = (await noted()).split(/\r?\n/);
  assert.equal(user, String(uid));
  assert.match(words, /xdg-open http:\/\/127\.0\.0\.1:\d+\/[\w-]{22} $/);
  assert.equal(first, 'HTTP/1.1 302 Found');
  assert.ok(headers.includes(`location: ${LINK}`));
});

test("the browser of sudo's caller is started as that user", { skip: !ROOT && 'needs root' }, async () => {
  const environment = {
    ...{ PATH: `${PATH}:${process.env.PATH}`, DISPLAY: ':0', HOME: '/root', SECRET: 'root' },
    ...{ SUDO_UID: String(NOBODY), SUDO_GID: String(NOBODY) },
  };
  const desktop = desktopOf({ ...PERSON, uid: 0, environment });
  assert.ok(desktop);
  assert.equal(await openOn(desktop, LINK), true);
  const [user, more = ''] = (await noted()).split('\n');
  assert.equal(user, String(NOBODY));
  assert.doesNotMatch(more, /root/);
});

test('the address answers the processes of its user alone, and once', { skip: !ROOT && 'needs root' }, async () => {
  const given = await handOver(LINK, NOBODY);
  const ask = async (url: string): Promise<number> => (await fetch(url, { redirect: 'manual' })).status;
  try {
    // This process is root's.
    assert.equal(await ask(given.address), 403);
    assert.equal(await ask(new URL('/', given.address).href), 403);
    const { port, pathname } = new URL(given.address);
    const request = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'GET ${pathname} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; head -1 <&3`;
    const asNobody = async (): Promise<string> => {
      const { stdout } = await run('bash', ['-c', request], { uid: NOBODY, gid: NOBODY, cwd: '/' });
      return stdout;
    };
    assert.match(await asNobody(), / 302 /);
    await given.taken;
    assert.match(await asNobody(), / 403 /);
  } finally {
    given.close();
  }
});

test('an opener that fails, and one that opens nothing, are told from one that does', async () => {
  const desktop = { environment: { PATH: process.env.PATH }, uid: process.getuid?.() ?? 0 };
  const began = performance.now();
  assert.equal(await openOn({ ...desktop, opener: opener('fails', 'exit 4') }, LINK), false);
  assert.equal(await openOn({ ...desktop, opener: join(folder, 'none') }, LINK), false);
  assert.ok(performance.now() - began < 10_000);
  assert.equal(await openOn({ ...desktop, opener: opener('idle', 'exit 0') }, LINK, { patienceMs: 50 }), false);
  const stop = AbortSignal.timeout(50);
  assert.equal(await openOn({ ...desktop, opener: opener('stopped', 'exit 0') }, LINK, { stop }), false);
});

test('at a terminal the command prints the address and has it opened, but not with --no-open', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link = `http://127.0.0.1:${(server.address() as AddressInfo).port}/#token=secret`;
  const token = join(folder, 'console.token');
  writeFileSync(token, link);
  const environment = {
    ...{ ...process.env, PATH: `${PATH}:${process.env.PATH}`, DISPLAY: ':0' },
    ...{ SUDO_UID: String(NOBODY), SUDO_GID: String(NOBODY) },
  };
  const shown = async (...words: string[]): Promise<string> => {
    const command = ['node_modules/.bin/node', 'host/cli/main.ts', 'console', '-o', `console.token_file=${token}`];
    const script = ['-qec', [...command, ...words].join(' '), '/dev/null'];
    const { stdout } = await run('script', script, { cwd: PROJECT, env: environment });
    return stdout.replaceAll('\r', '');
  };
  try {
    assert.equal(await shown('--no-open'), `${link}\n`);
    assert.equal(existsSync(NOTED), false);
    assert.equal(await shown(), `${link}\nThe browser has opened it.\n`);
    assert.ok((await noted()).includes(`location: ${link}`));
  } finally {
    server.close();
  }
});
