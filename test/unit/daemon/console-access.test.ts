// Who gets what of the page, over HTTP: tokens, sessions, other origins and hosts, and requests beyond the bounds.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEFINITION } from '../../../host/config/definition.ts';
import { defaultsOf } from '../../../host/config-values/defaults.ts';
import { OneTimeToken } from '../../../host/daemon/console/access.ts';
import { Console } from '../../../host/daemon/console/console.ts';
import type { GroupAlerts, OpenedSession, ShownStatus } from '../../../host/daemon/console/messages.ts';
import { readPageFiles } from '../../../host/daemon/console/page-files.ts';
import { ALL_ENABLED } from '../../../host/daemon/rules/rule-selection.ts';
import { type PageAgent, startPageAgent } from '../../support/page/page-agent.ts';
import { eventsOfStory, processesOfStory, STORY_RULES } from '../../support/page/page-story.ts';
import { inject } from '../../support/records/inject.ts';

let agent: PageAgent;
let port = 0;
before(async () => {
  agent = await startPageAgent(STORY_RULES);
  port = Number(new URL(agent.origin).port);
  inject(agent.agent, processesOfStory(), eventsOfStory());
});
after(() => agent[Symbol.asyncDispose]());

/** The path of a session. Which one it is matters to the browser alone, which sends the cookie nowhere else. */
const API = `/api/${'a'.repeat(22)}`;

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** fetch() would not send a host or an origin that it is given. */
function ask(path: string, { method = 'GET', headers = {}, body }: Request = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function token(): string {
  return new URL(agent.link()).hash.replace('#token=', '');
}

/** Opens a session; its cookie. */
async function session(): Promise<string> {
  const { status, headers } = await ask('/session', { method: 'POST', body: token() });
  assert.equal(status, 200);
  const [cookie = ''] = String(headers['set-cookie']).split(';', 1);
  return cookie;
}

test('a token opens one session, by a cookie that no script reads', async () => {
  const used = token();
  const { status, headers, body } = await ask('/session', { method: 'POST', body: used });
  assert.equal(status, 200);
  const { path } = JSON.parse(body) as OpenedSession;
  assert.match(path, /^\/api\/[\w-]{22}$/);
  const cookie = String(headers['set-cookie']);
  assert.match(
    cookie,
    new RegExp(`^wasprey-${port}=[\\w-]{43}; Path=${path}; HttpOnly; SameSite=Strict; Max-Age=43200$`),
  );
  const replayed = await ask('/session', { method: 'POST', body: used });
  assert.deepEqual([replayed.status, replayed.headers['set-cookie']], [403, undefined]);
  assert.notEqual(token(), used);
});

test('a token that is wrong, longer or none opens nothing, and stays good', async () => {
  const right = token();
  for (const body of ['', 'x', right.slice(1), `${right}x`, `${right}\n`, 'token']) {
    assert.equal((await ask('/session', { method: 'POST', body })).status, 403, body);
  }
  assert.equal(token(), right);
});

test('without a word in the configuration there is no page, and one that is turned on is for this machine alone and read-only', () => {
  const { enabled, listen, actions } = defaultsOf(DEFINITION).console;
  assert.deepEqual([enabled, listen, actions], [false, '127.0.0.1:8766', false]);
});

test('only the owner of the agent can read the file with the token', () => {
  const { mode } = statSync(agent.tokenFile);
  assert.equal(mode & 0o777, 0o600);
});

test('without a session there is nothing but the empty page', async () => {
  for (const path of [
    `${API}/status`,
    `${API}/stream`,
    `${API}/groups/1`,
    `${API}/alerts/1`,
    `${API}/alerts/1/rule`,
    `${API}/no`,
  ]) {
    assert.equal((await ask(path)).status, 401, path);
    assert.equal((await ask(path, { headers: { cookie: `wasprey-${port}=${'a'.repeat(43)}` } })).status, 401, path);
  }
  assert.equal((await ask(`${API}/session`)).status, 401);
  assert.equal((await ask('/api/status')).status, 404);
  const { status, body } = await ask('/');
  assert.equal(status, 200);
  assert.ok(!body.includes('shadow'));
  assert.equal((await ask('/../console.ts')).status, 404);
  assert.equal((await ask('/page.js.map')).status, 404);
});

test('with a session there is what the page shows', async () => {
  const cookie = await session();
  let groups = await ask(`${API}/groups/1`, { headers: { cookie } });
  // The alerts may still be on their way. No window has been open.
  while (groups.status === 404) groups = await ask(`${API}/groups/1`, { headers: { cookie } });
  assert.equal((JSON.parse(groups.body) as GroupAlerts).group.id, 1);
  const status = await ask(`${API}/status`, { headers: { cookie } });
  assert.equal(status.status, 200);
  assert.deepEqual((JSON.parse(status.body) as ShownStatus).troubles, []);
  assert.equal((await ask(`${API}/session`, { headers: { cookie } })).status, 204);
});

test('the page is small: all of it within 150 KB, as it is sent', () => {
  const bytes = [...readPageFiles().values()].reduce((sum, { packed }) => sum + packed.length, 0);
  assert.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`);
});

test('nothing may be kept, framed, or taken for another kind of file', async () => {
  const cookie = await session();
  for (const path of ['/', '/page.js', '/page.css', '/icon.svg', `${API}/status`, `${API}/none`, '/session']) {
    const { headers } = await ask(path, { headers: { cookie } });
    assert.equal(headers['cache-control'], 'no-store', path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'/, path);
    assert.ok(!policy.includes('unsafe') && !policy.includes('*'), path);
    assert.equal(headers['access-control-allow-origin'], undefined);
  }
});

test('other hosts, other origins and other sites are refused, with a session and without', async () => {
  const cookie = await session();
  const own = `127.0.0.1:${port}`;
  const foreign: readonly Readonly<Record<string, string>>[] = [
    { host: 'attacker.example' },
    { host: `attacker.example:${port}` },
    { host: `127.0.0.1.attacker.example:${port}` },
    { host: `localhost.attacker.example` },
    { host: own, origin: 'https://attacker.example' },
    { host: own, origin: `http://127.0.0.1:${port + 1}` },
    { host: own, origin: `https://${own}` },
    { host: own, origin: 'null' },
    { host: own, 'sec-fetch-site': 'cross-site' },
    { host: own, 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) {
    for (const path of ['/', `${API}/status`, '/session']) {
      assert.equal((await ask(path, { headers: { ...headers, cookie } })).status, 403, JSON.stringify(headers));
    }
    const right = token();
    const posted = await ask('/session', { method: 'POST', body: right, headers });
    assert.deepEqual([posted.status, token()], [403, right], JSON.stringify(headers));
  }
  // A forwarded port has another number, and this machine other names.
  for (const host of [own, 'localhost:9000', '[::1]:9000', '10.1.2.3:8766']) {
    const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin', cookie };
    assert.equal((await ask(`${API}/status`, { headers })).status, 200, host);
  }
});

test('a link of another site opens the page, and nothing else', async () => {
  const cookie = await session();
  const link = {
    ...{ host: `127.0.0.1:${port}`, 'sec-fetch-site': 'cross-site' },
    ...{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  };
  assert.equal((await ask('/', { headers: link })).status, 200);
  const refused: readonly [path: string, method: string, more: Readonly<Record<string, string>>][] = [
    ['/page.js', 'GET', {}],
    [`${API}/status`, 'GET', {}],
    ['/session', 'POST', {}],
    ['/', 'POST', {}],
    ['/', 'GET', { host: 'attacker.example' }],
    ['/', 'GET', { origin: 'https://attacker.example' }],
    ['/', 'GET', { 'sec-fetch-dest': 'iframe' }],
    ['/', 'GET', { 'sec-fetch-mode': 'no-cors' }],
  ];
  for (const [path, method, more] of refused) {
    const { status } = await ask(path, { method, headers: { ...link, cookie, ...more } });
    assert.equal(status, 403, `${method} ${path} ${JSON.stringify(more)}`);
  }
});

test('nothing can be changed', async () => {
  const cookie = await session();
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
    assert.equal((await ask(`${API}/status`, { method, headers: { cookie } })).status, 405, method);
  }
  assert.equal((await ask('/session', { method: 'DELETE', headers: { cookie } })).status, 405);
});

test('a text is taken from the page alone, within its bound', async () => {
  const cookie = await session();
  const origin = `http://127.0.0.1:${port}`;
  const path = `${API}/captures/none.wsp/rule`;
  const post = async (headers: Readonly<Record<string, string>>, body = 'evt.type = open'): Promise<number> =>
    (await ask(path, { method: 'POST', headers, body })).status;
  assert.equal(await post({ cookie, origin }), 404);
  assert.equal(await post({ origin }), 401);
  assert.equal(await post({ cookie }), 403);
  assert.equal(await post({ cookie, origin: 'https://attacker.example' }), 403);
  assert.equal(await post({ cookie, origin, 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await post({ cookie, origin }, 'x'.repeat(20_000)), 413);
});

test('a body beyond the bound is not read', async () => {
  const { status, headers } = await ask('/session', { method: 'POST', body: 'x'.repeat(2_000) });
  assert.deepEqual([status, headers.connection], [413, 'close']);
});

test('a body that never ends, and headers without an end, are cut off', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST /session HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000000000\r\n\r\n${'x'.repeat(2_000)}`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  const long = connect(port, '127.0.0.1');
  long.on('error', () => {});
  long.write(`GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`);
  let other = '';
  for await (const chunk of long) other += String(chunk);
  assert.equal(other, '');
});

test('of windows there are eight at most, and a closed one makes room', async () => {
  const cookie = await session();
  const open: ReturnType<typeof request>[] = [];
  const stream = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path: `${API}/stream`, headers: { cookie }, agent: false });
      sent.on('response', (response) => {
        response.on('error', () => {});
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject);
      sent.end();
      open.push(sent);
    });
  for (let count = 0; count < 8; count++) assert.equal(await stream(), 200);
  assert.equal(await stream(), 429);
  for (const one of open.splice(0)) one.on('error', () => {}).destroy();
  let status = 429;
  // The agent learns that they are gone when their connections end.
  while (status === 429) status = await stream();
  assert.equal(status, 200);
  for (const one of open) one.on('error', () => {}).destroy();
});

test("a token stays good while the next one can't be written", () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-token-'));
  const inner = join(folder, 'run');
  const kept = new OneTimeToken(join(inner, 'console.token'), 'http://127.0.0.1:1/');
  const { link } = kept;
  const value = link.replace(/^.*#token=/, '');
  rmSync(inner, { recursive: true });
  writeFileSync(inner, 'a file in its place');
  assert.throws(() => kept.use(value));
  assert.equal(kept.link, link);
  rmSync(inner);
  assert.equal(kept.use(value), true);
  assert.equal(readFileSync(join(inner, 'console.token'), 'utf8').trim(), kept.link);
  assert.equal(kept.use(value), false);
  rmSync(folder, { recursive: true });
});

test('a port that another process has is logged, and the agent goes without the page', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  assert.ok(address !== null && typeof address === 'object');
  const listen = `127.0.0.1:${address.port}`;
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-page-'));
  const tokenFile = join(folder, 'console.token');
  const base = defaultsOf(DEFINITION);
  const settings = (at: string) => ({
    configuration: { ...base, console: { ...base.console, enabled: true, listen: at, token_file: tokenFile } },
    modules: [],
    ruleFiles: [],
    selection: ALL_ENABLED,
  });
  const logged: string[] = [];
  const say = (level: string, message: string): void => void logged.push(`${level}: ${message}`);
  assert.equal(await Console.start(settings(listen), say), undefined);
  assert.deepEqual(logged, [`error: the page is not served: another process has ${listen} (console.listen)`]);
  assert.equal(existsSync(tokenFile), false);
  // Settings that can't be used are errors.
  await assert.rejects(Console.start(settings('nowhere'), say), { name: 'CommandFailure' });
  await new Promise((resolve) => holder.close(resolve));
  rmSync(folder, { recursive: true });
});

/** Opens a stream; resolves with its end once it has begun. */
function openStream(cookie: string): Promise<{ readonly ended: Promise<void>; close(): void }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: `${API}/stream`, headers: { cookie }, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const ended = new Promise<void>((end) => response.on('close', end));
      response.resume();
      resolve({ ended, close: () => sent.on('error', () => {}).destroy() });
    });
    sent.end();
  });
}

test('a window ends with its session', async () => {
  const stream = await openStream(await session());
  // The oldest session makes room for the seventeenth.
  for (let count = 0; count < 16; count++) await session();
  await stream.ended;
});

test('rules are read from the files that the settings name now', async () => {
  const cookie = await session();
  const stream = await openStream(cookie);
  const rule = async (): Promise<string> => (await ask(`${API}/alerts/1/rule`, { headers: { cookie } })).body;
  assert.match(await rule(), /"kind":"lit"/);
  const configuration = defaultsOf(DEFINITION);
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-page-'));
  const other = join(folder, 'other.yaml');
  writeFileSync(other, '- list: none\n  items: []\n');
  agent.page.use({ configuration, modules: [], ruleFiles: [other], selection: ALL_ENABLED });
  assert.match(await rule(), /the rule files have no such rule now/);
  rmSync(folder, { recursive: true });
  stream.close();
  await stream.ended;
});
