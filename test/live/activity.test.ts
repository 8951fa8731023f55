// Activity for real: what is done in a container that runc enters, by su, by a login on a terminal, and below programs called sshd and cron, is
// recorded and printed as sessions; a recording that is still written can be followed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeDirectory } from '../support/directory.ts';
import { Container } from '../support/live/live-container.ts';
import { rulesFileForTests } from '../support/live/rules-file.ts';
import { type RunProcess, startRun, startWasprey } from '../support/live/run-process.ts';

interface CommandJson {
  readonly arguments: readonly string[];
  readonly status?: { readonly code?: number; readonly signal?: string };
  readonly files?: readonly { readonly path: string; readonly did: readonly string[] }[];
  readonly connections?: readonly { readonly direction: string; readonly peer: string; readonly error?: string }[];
  readonly sessions?: readonly string[];
  readonly commands?: readonly CommandJson[];
}

interface SessionJson {
  readonly session: string;
  readonly kind: string;
  readonly user: { readonly uid: number; readonly name?: string };
  readonly container?: {
    readonly id: string;
    readonly image?: string;
    readonly pod?: string;
    readonly namespace?: string;
  };
  readonly terminal?: string;
  readonly via?: readonly string[];
  readonly within?: string;
  readonly over: boolean;
  readonly commands: readonly CommandJson[];
}

const directory = makeDirectory();
const path = join(directory.path, 'live.wsp');
const { rules } = rulesFileForTests(
  () => '- {rule: A, desc: d, condition: evt.type = setuid and proc.name = nothing, output: o, priority: INFO}\n',
);
let container: Container;

before(() => {
  container = new Container({
    image: 'shop/web:1.2',
    labels: { 'io.kubernetes.pod.namespace': 'shop', 'io.kubernetes.pod.name': 'web-0' },
  });
});
after(() => {
  container.stop();
  directory.remove();
});

async function record(work: () => Promise<void> | void): Promise<void> {
  await using capturing = startWasprey(['capture', '-o', path]);
  await capturing.says(/recording \d+ event types/);
  await work();
  capturing.kill('SIGINT');
  assert.equal(await capturing.ended, 0, capturing.stderr());
}

async function activity(...words: string[]): Promise<{ stdout: string; stderr: string; status: number | null }> {
  await using run = startWasprey(['activity', ...words]);
  const status = await run.ended;
  return { stdout: run.stdout(), stderr: run.stderr(), status };
}

async function sessions(...words: string[]): Promise<SessionJson[]> {
  const { stdout, stderr, status } = await activity('--json', path, ...words);
  assert.equal(status, 0, stderr);
  return sessionsIn(stdout);
}

function sessionsIn(lines: string): SessionJson[] {
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line): SessionJson => JSON.parse(line));
}

/** Lines of a tree, by their depths. */
function outline(commands: readonly CommandJson[] = [], indent = ''): string[] {
  return commands.flatMap((command) => [
    indent + command.arguments.join(' ').slice(0, 60),
    ...outline(command.commands, `${indent}  `),
  ]);
}

function find(session: SessionJson, word: string): CommandJson {
  const next = [...session.commands];
  for (let command = next.pop(); command; command = next.pop()) {
    if (command.arguments[0]?.endsWith(word)) return command;
    next.push(...(command.commands ?? []));
  }
  throw new Error(`${word} is not in ${JSON.stringify(session.commands)}`);
}

test('what runc runs in a container is a session with its commands, files and connections', async () => {
  await record(async () => {
    const script =
      'echo x > /tmp/dropped; chmod +x /tmp/dropped; cat /nonexistent; mv /tmp/dropped /tmp/moved; sh -c "kill -9 \\$\\$"; exec wget -q -O - http://bob:s3cret@127.0.0.1:1/';
    await container.exec(['sh', '-c', script], { mayFail: true });
    await container.exec(['sh', '-c', 'true; cat /etc/shadow'], { tty: true, mayFail: true });
  });
  const found = await sessions('--container', container.shortId);
  assert.deepEqual(
    found.map(({ kind }) => kind),
    ['exec', 'exec'],
  );
  const [first, second] = found;
  assert.ok(first && second);
  assert.equal(first.container?.image, 'shop/web:1.2');
  assert.deepEqual([first.container?.namespace, first.container?.pod], ['shop', 'web-0']);
  assert.equal(first.via?.[0], 'runc');
  assert.deepEqual([first.terminal, second.terminal?.slice(0, 4)], [undefined, 'pts/']);
  assert.deepEqual([first.over, first.commands.length], [true, 1]);
  assert.equal(find(first, 'cat').status?.code, 1);
  // busybox's shell is its own chmod and mv.
  assert.deepEqual(
    first.commands[0]?.files?.map(({ path: file, did }) => [file, did]),
    [
      ['/tmp/dropped', ['created', 'mode']],
      ['/tmp/moved', ['renamed']],
    ],
  );
  const wget = find(first, 'wget');
  assert.equal(wget.arguments.at(-1), 'http://bob:***@127.0.0.1:1/');
  assert.deepEqual(
    wget.connections?.map(({ peer, error }) => [peer, error]),
    [['127.0.0.1:1', 'ECONNREFUSED']],
  );
  assert.ok(
    outline(first.commands).some((line) => /^ {2}sh -c kill -9/.test(line)),
    outline(first.commands).join('\n'),
  );
  assert.deepEqual(outline(second.commands), ['sh -c true; cat /etc/shadow', '  cat /etc/shadow']);

  const { stdout } = await activity('show', first.session, path);
  assert.match(stdout, new RegExp(`^${first.session}  exec  root in pod shop/web-0`));
  assert.match(stdout, / KILL {2}.*sh -c 'kill -9/);
  assert.doesNotMatch(stdout, /s3cret/);
});

test('su, a connection of sshd and a job of cron are sessions', async () => {
  // Programs are known by their names and places: a shell stands for each.
  const programs = mkdtempSync('/usr/local/lib/wasprey-live-');
  after(() => rmSync(programs, { recursive: true }));
  for (const name of ['sshd', 'cron']) copyFileSync('/usr/bin/dash', join(programs, name));
  await record(() => {
    const inner = "su -s /bin/sh -c 'id; true' nobody; true";
    spawnSync(join(programs, 'sshd'), ['-c', `( ( sh -c "$INNER"; true ); true ); true`], {
      env: { ...process.env, INNER: inner },
    });
    spawnSync(join(programs, 'cron'), [
      '-c',
      `( ( sh -c 'id; true'; true ); true ) & ( ( sh -c 'ls /; true'; true ); true ); wait`,
    ]);
  });
  const all = await sessions();
  const [ssh] = all.filter(({ kind }) => kind === 'ssh');
  assert.ok(ssh, JSON.stringify(all.map(({ kind }) => kind)));
  const su = all.find(({ kind, within }) => kind === 'su' && within === ssh.session);
  assert.ok(su);
  assert.deepEqual([su.user.name, su.user.uid], ['nobody', 65534]);
  assert.deepEqual(outline(su.commands), ['sh -c id; true', '  id']);
  assert.deepEqual(find(ssh, 'su').sessions, [su.session]);
  const jobs = all.filter(({ kind }) => kind === 'cron').map(({ commands }) => outline(commands));
  assert.deepEqual(jobs.sort(), [
    ['sh -c id; true', '  id'],
    ['sh -c ls /; true', '  ls /'],
  ]);
  assert.deepEqual(
    (await sessions('--user', 'nobody')).map(({ session }) => session),
    [su.session],
  );
});

test('a login on a terminal is a session of the console', async () => {
  const done = join(directory.path, 'by-console');
  // What is typed before the shell reads may be lost: it is typed until it is done. A getty has to lead its session: dash would fork for it.
  const typing = `(until [ -e "$1" ]; do echo " unset HISTFILE; sh -c 'echo x >$1'"; sleep 0.3; done; echo ' exit 4') |
    script -qec 'exec agetty --autologin root --noissue - linux' /dev/null`;
  await record(() => void spawnSync('sh', ['-c', typing, 'sh', done], { timeout: 60_000 }));
  const [session, ...more] = (await sessions('--user', 'root')).filter(({ kind }) => kind === 'console');
  // What login runs for its messages is no other session.
  assert.ok(session && more.length === 0, JSON.stringify(more));
  assert.match(session.terminal ?? '', /^pts\/\d+$/);
  const shell = session.commands.find(({ arguments: words }) => words[0] === '-bash');
  assert.deepEqual([session.user.uid, session.over, shell?.status], [0, true, { code: 4 }], JSON.stringify(session));
  const typed = shell?.commands?.find(({ arguments: words }) => words[2] === `echo x >${done}`);
  assert.deepEqual(
    typed?.files?.map(({ path: file }) => file),
    [done],
  );
});

test('a recording that is still written can be followed', async () => {
  await using capturing = startWasprey(['capture', '-o', path]);
  await capturing.says(/recording \d+ event types/);
  const shows = (run: RunProcess, pattern: RegExp, work: () => Promise<unknown>) =>
    run.until(String(pattern), async () => {
      await work();
      return pattern.exec(run.stdout()) ?? undefined;
    });
  await using following = startWasprey(['activity', '--follow', '--container', container.shortId, path]);
  const line = await shows(following, /^.* cat \/etc\/passwd$/m, () => container.exec(['cat', '/etc/passwd']));
  assert.match(line[0], /^\d\d:\d\d:\d\d {2}[0-9a-f]{8} exec root in pod shop\/web-0, container \S+ {2}cat/);
  following.kill('SIGINT');
  assert.equal(await following.ended, 0, following.stderr());
});

test('the journal of a killed agent has the session, and says when it ends', async () => {
  const journal = join(directory.path, 'journal');
  const options = ['-o', `journal.folder=${journal}`];
  {
    await using agent = startRun(rules, '-o', 'journal.enabled=true', ...options);
    await agent.watches();
    await agent.until('a file of the journal', () => existsSync(journal) && readdirSync(journal).length > 0);
    await using following = startWasprey(['activity', '--follow', '--json', '--pod', 'web-0', ...options]);
    await following.until('a session in the journal', async () => {
      await container.exec(['cat', '/etc/passwd']);
      return following.stdout().includes('\n');
    });
    const [line = ''] = following.stdout().split('\n');
    const followed: SessionJson = JSON.parse(line);
    assert.deepEqual([followed.kind, followed.container?.pod], ['exec', 'web-0']);
    await container.exec(['sh', '-c', 'echo x > /tmp/in-the-journal; cat /etc/group']);
    await agent.until('the whole session on disk', async () => {
      const { stdout } = await activity('--json', '--since', '10m', '--pod', 'web-0', ...options);
      const last = sessionsIn(stdout).at(-1);
      return last && outline(last.commands).at(-1) === '  cat /etc/group' && find(last, 'cat').status !== undefined;
    });
    agent.kill('SIGKILL');
    await agent.ended;
  }
  const { stdout, stderr, status } = await activity('--json', '--since', '10m', '--pod', 'web-0', ...options);
  assert.equal(status, 0, stderr);
  const last = sessionsIn(stdout).at(-1);
  assert.ok(last);
  assert.deepEqual(outline(last.commands), ['sh -c echo x > /tmp/in-the-journal; cat /etc/group', '  cat /etc/group']);
  assert.deepEqual(
    last.commands[0]?.files?.map(({ path: file }) => file),
    ['/tmp/in-the-journal'],
  );
  // busybox's shell becomes the last program that it runs.
  assert.deepEqual(find(last, 'cat').status, { code: 0 });
  assert.match(stderr, /the record of \S+ begins at /);
});
