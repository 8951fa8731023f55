// `responses.pinned`: what the kernel refuses stays refused when the agent is killed, the next agent takes over without a gap, and it ends when
// it is no longer wanted.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UNATTENDED_RULE } from '../../host/agent/responses/node-enforcement.ts';
import { PinnedEnforcement } from '../../host/responses/pinned-enforcement.ts';
import { directoryForTests } from '../support/directory.ts';
import { Container } from '../support/live/live-container.ts';
import { AF_INET, errno, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { mountBpfFileSystem } from '../support/live/machine-bpf-file-system.ts';
import { type RunProcess, startRun, startWasprey } from '../support/live/run-process.ts';

const REFUSED_PORT = 47_911;
const OTHER_PORT = 47_912;
const CONTAINER_PORT = 47_913;
const RULE = 'Reach the port';
const CONTAINER_RULE = 'Reach the port from a container';
const RULES = `
- rule: ${RULE}
  desc: d
  condition: evt.type in (connect, sendto) and fd.rport = ${REFUSED_PORT}
  output: reached %fd.rport
  priority: CRITICAL
- rule: ${CONTAINER_RULE}
  desc: d
  condition: evt.type = connect and container.id != host and fd.rport = ${CONTAINER_PORT}
  output: reached %fd.rport
  priority: CRITICAL
`;

const directory = directoryForTests();
const pinned = new PinnedEnforcement();
const socket = join(directory, 'control.sock');
const [rules, config] = ['rules.yaml', 'wasprey.yaml'].map((name) => join(directory, name)) as [string, string];
const container = new Container();
const unmount = mountBpfFileSystem();
after(async () => {
  pinned.remove();
  unmount();
  await container.stop();
});

function configure(isPinned: boolean, never = '{namespaces: [], labels: {}}', isOn = true): void {
  writeFileSync(rules, RULES);
  const actions = isOn
    ? `[{name: no way, match: {rules: ["${RULE}", "${CONTAINER_RULE}"]}, do: deny, where: kernel}]`
    : '[]';
  writeFileSync(
    config,
    `
rules_files: [${rules}]
json_output: true
control: {enabled: true, socket: ${socket}}
responses:
  mode: act
  hosts: true
  pinned: ${isPinned}
  never: ${never}
  limits: {per_container: 10000/1m, per_node: 10000/1m}
  folder: ${directory}/responses
  actions: ${actions}
`,
  );
}

async function startAgent(): Promise<RunProcess> {
  const agent = startRun('-c', config);
  after(() => agent.kill('SIGKILL'));
  await agent.watches();
  return agent;
}

async function kill(agent: RunProcess): Promise<void> {
  agent.kill('SIGKILL');
  await agent.ended;
}

/** What becomes of a connect that a process of the host makes: the name of its error. Nobody listens. */
function connectHere(port: number): string {
  const code = `import errno,socket\ntry: socket.create_connection(('127.0.0.1',${port}))\nexcept OSError as e: print(errno.errorcode[e.errno])`;
  return execFileSync('python3', ['-c', code], { encoding: 'utf8' }).trim();
}

async function connectIn(box: Container, port: number): Promise<boolean> {
  const calls = await box.act([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r0', `in:127.0.0.1:${port}`, 'len'],
  ]);
  return calls.find(({ call }) => call === 'connect')?.result === -errno('EPERM');
}

async function assertRefused(): Promise<void> {
  assert.equal(connectHere(REFUSED_PORT), 'EPERM');
  assert.equal(connectHere(OTHER_PORT), 'ECONNREFUSED');
  assert.equal(connectHere(CONTAINER_PORT), 'ECONNREFUSED');
  assert.equal(await connectIn(container, REFUSED_PORT), true);
  assert.equal(await connectIn(container, OTHER_PORT), false);
  assert.equal(await connectIn(container, CONTAINER_PORT), true);
}

async function assertAllowed(): Promise<void> {
  assert.equal(connectHere(REFUSED_PORT), 'ECONNREFUSED');
  assert.equal(await connectIn(container, REFUSED_PORT), false);
}

/** Connects again and again, and counts what is not refused. */
const CONNECT_ON = `
import signal, socket, sys, time
counts = {'refused': 0, 'other': 0}
def end(*_):
    print(counts['refused'], counts['other'])
    sys.exit()
signal.signal(signal.SIGTERM, end)
print('begun', flush=True)
while True:
    with socket.socket() as s:
        try: s.connect(('127.0.0.1', ${REFUSED_PORT}))
        except PermissionError: counts['refused'] += 1
        except OSError: counts['other'] += 1
    time.sleep(0.005) # each is an alert
`;

async function startConnecting(): Promise<ChildProcess> {
  const child = spawn('python3', ['-c', CONNECT_ON], { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(child.stdout);
  await once(child.stdout, 'data');
  return child;
}

async function endConnecting(child: ChildProcess): Promise<readonly number[]> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  child.kill('SIGTERM');
  await once(child, 'close');
  return text.trim().split(' ').map(Number);
}

/** The agents of this file end by SIGKILL, and leave what they have pinned. */
test('what is refused stays refused when the agent is killed, and the next one takes over without a gap', async (t) => {
  configure(true);
  await using first = await startAgent();
  await first.says(/deny in the kernel for rule 'Reach the port': pinned: continues without the agent/);
  await assertRefused();
  assert.equal(
    (await first.until('its alert', () => first.alerts(RULE)[0])).output_fields['wasprey.response'],
    'no way: refused the call: stopped before its effect',
  );
  await kill(first);
  await assertRefused();
  // Not known to any agent: it is left alone.
  const late = new Container();
  assert.equal(await connectIn(late, REFUSED_PORT), false);
  const connecting = await startConnecting();
  t.after(() => connecting.kill('SIGKILL'));
  await using second = await startAgent();
  await second.says(/took over the pinned enforcement/);
  const alert = await second.until('what was done meanwhile', () => second.alerts(UNATTENDED_RULE)[0]);
  const [, refused] = /: (\d[\d,]*) calls? refused/.exec(alert.output) ?? [];
  assert.ok(Number(refused?.replaceAll(',', '')) >= 2, alert.output);
  assert.match(alert.output, /let through because their container or service was not known/);
  assert.equal(await connectIn(late, REFUSED_PORT), true);
  await second.until('an alert of the second', () => second.alerts(RULE)[0]);
  // And once more, while it is connected to all the time.
  await kill(second);
  await using third = await startAgent();
  await third.says(/took over the pinned enforcement/);
  const [some = 0, others] = await endConnecting(connecting);
  assert.ok(some > 100, `${some} refused`);
  assert.equal(others, 0, `of ${some} some were not refused`);
  await assertRefused();
  await kill(third);
  await late.stop();
});

test('it is shown and undone where no agent runs', async () => {
  configure(true);
  await using agent = await startAgent();
  await assertRefused();
  const status = startWasprey(['status', '-s', socket]);
  await status.ended;
  assert.match(status.stdout(), /pinned: continues without the agent/);
  agent.kill('SIGTERM');
  await agent.ended;
  await assertRefused();
  assert.ok(readdirSync(pinned.folder).includes('enforce_connect4'));
  const list = startWasprey(['responses', 'list', '-c', config]);
  await list.ended;
  assert.match(list.stdout(), /the kernel refuses calls by pinned responses/);
  const undo = startWasprey(['responses', 'undo', '--all', '-c', config]);
  assert.equal(await undo.ended, 0, undo.stderr());
  assert.match(undo.stdout(), /undone: pinned enforcement/);
  assert.equal(pinned.exists, false);
  await assertAllowed();
});

test('it is undone where the configuration is invalid, which is reported', async () => {
  configure(true);
  await kill(await startAgent());
  await assertRefused();
  writeFileSync(config, 'responses: {mode: acts}\n');
  const places = [`control.socket=${socket}`, `responses.folder=${join(directory, 'responses')}`];
  const undo = startWasprey(['responses', 'undo', '--all', '-c', config, ...places.flatMap((each) => ['-o', each])]);
  assert.equal(await undo.ended, 1);
  assert.match(undo.stdout(), /undone: pinned enforcement/);
  assert.match(undo.stderr(), /the configuration is invalid/);
  assert.equal(pinned.exists, false);
  await assertAllowed();
});

test('an agent that pins nothing ends what another has pinned: its own ends with it', async () => {
  for (const isOn of [true, false]) {
    configure(true);
    await kill(await startAgent());
    await assertRefused();
    configure(false, '{namespaces: [], labels: {}}', isOn);
    await using agent = await startAgent();
    await agent.says(/pinned enforcement in the kernel was removed/);
    assert.equal(pinned.exists, false);
    if (isOn) await assertRefused();
    await kill(agent);
    await assertAllowed();
  }
});

test('what an agent with another layout has left is removed', async () => {
  configure(true);
  mkdirSync(pinned.folder);
  const left = ['enforce_cgroups-1', 'enforce_counts-1'];
  for (const name of left) {
    const words = ['type', 'hash', 'key', '8', 'value', '16', 'entries', '8', 'name', 'left'];
    execFileSync('bpftool', ['map', 'create', join(pinned.folder, name), ...words]);
  }
  await using agent = await startAgent();
  const files = readdirSync(pinned.folder);
  assert.equal(files.length, 8);
  assert.ok(!files.some((name) => left.includes(name)), files.join(' '));
  await kill(agent);
  pinned.remove();
});

test('a reload pins, and pins no more', async () => {
  configure(false);
  await using agent = await startAgent();
  await assertRefused();
  configure(true);
  const reload = startWasprey(['reload', '-s', socket]);
  assert.equal(await reload.ended, 0, reload.stderr());
  await agent.until('pins', () => pinned.exists && readdirSync(pinned.folder).length === 8);
  configure(false);
  const again = startWasprey(['reload', '-s', socket]);
  assert.equal(await again.ended, 0, again.stderr());
  await agent.until('no pins', () => !pinned.exists);
  await assertRefused();
  await kill(agent);
  await assertAllowed();
});

test('what only an agent can do is an error at the start', async () => {
  configure(true);
  writeFileSync(rules, RULES.replace('evt.type in (connect, sendto)', 'evt.type = execve and evt.res = SUCCESS'));
  writeFileSync(config, readFileSync(config, 'utf8').replace('do: deny', 'do: kill_process'));
  await using agent = startRun('-c', config);
  assert.notEqual(await agent.ended, 0);
  assert.match(agent.stderr(), /responses\.pinned: response no way kills, which takes a running agent/);
});
