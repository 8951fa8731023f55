// Every field that a shipped rule or a stock rule reads is printed by an alert with the value that the machine has by its own account: act's,
// /proc's, the file system's. What only conditions can read is compared in one that holds and one that does not.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { OWN_RULES, readRuleFiles } from '../../host/daemon/rules/rule-files.ts';
import { CAPABILITIES } from '../../host/schema/flags.ts';
import { directoryForTests } from '../support/directory.ts';
import { missingFalco } from '../support/falco-data.ts';
import { type AlertLine, assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import {
  act,
  actProgram,
  actWords,
  type Call,
  copyAct,
  type Place,
  type Step,
  startAct,
  str,
} from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { NO_MODULE } from '../support/live/live-kernel.ts';
import { AF_INET, AT_FDCWD, O, SOCK_DGRAM, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';
import { fieldsReadBy } from '../support/live/rule-fields.ts';
import { widened } from '../support/live/time-factor.ts';
import { STOCK_FILES, stockRules } from '../support/stock-rules.ts';

const SHIPPED = fieldsReadBy(readRuleFiles([OWN_RULES]));
const WITHOUT_STOCK = missingFalco(...STOCK_FILES);
const STOCK = WITHOUT_STOCK ? SHIPPED : fieldsReadBy(STOCK_FILES.map((name) => ({ name, text: stockRules(name) })));

const directory = directoryForTests();
const PORT = 16_000 + (process.pid % 500) * 2;
const DATA_PORT = PORT + 1;

/** Which of each, where a rule says which. */
const WHICH: Readonly<Record<string, readonly string[]>> = {
  'container.mount.dest': [directory],
  'proc.args': ['0', '1'],
  'proc.aname': ['1', '2'],
  'proc.apid': ['1', '2'],
  'proc.aexe': ['1', '2'],
  'proc.aexepath': ['1', '2'],
  'proc.acmdline': ['1', '2'],
};
/** They can be compared, not printed. */
const CONDITIONS_ONLY = ['fd.ip', 'fd.port', 'fd.net', 'fd.snet', 'fd.cnet', 'fd.rnet'];

function printed(name: string): string[] {
  if (CONDITIONS_ONLY.includes(name)) return [];
  const which = (WHICH[name] ?? []).map((argument) => `${name}[${argument}]`);
  return name === 'proc.args' ? [name, ...which] : name in WHICH ? which : [name];
}

const TYPES = [
  ...['openat', 'mkdir', 'unlink', 'rename', 'link', 'symlink', 'chmod', 'socket', 'connect', 'recvfrom', 'setuid'],
  ...['ptrace', 'bpf', 'init_module', 'memfd_create'],
];
const FIELDS = probe(
  TYPES,
  [...new Set([...SHIPPED.keys(), ...STOCK.keys()].flatMap(printed)), 'proc.pid.ts', 'container.duration'],
  'proc.name in (younger, dropped)',
);

const ends = (address: string, port: number, network: string): string[] => [
  ...[`fd.ip = ${address}`, `fd.port = ${port}`],
  ...['fd.net', 'fd.snet', 'fd.cnet', 'fd.rnet'].map((name) => `${name} = ${network}`),
];
const connects = (name: string, condition: string): string => `
- rule: ${name}
  desc: for a test
  condition: evt.type = connect and proc.name = younger and (${condition})
  output: '%proc.vpid'
  priority: DEBUG
`;
const HERE = 'all that is asked of its ends holds';
const ELSEWHERE = 'something holds that is asked of other ends';
const NAMED = 'the name of its server';
const CONDITIONS =
  connects(HERE, ends('127.0.0.1', PORT, '127.0.0.0/8').join(' and ')) +
  connects(ELSEWHERE, ends('127.0.0.2', PORT + 500, '126.0.0.0/8').join(' or ')) +
  connects(NAMED, 'fd.sip.name = localhost');

before(() => writeFileSync(`${directory}/file`, ''));
const agent = LiveAgent.forTests([FIELDS.rule, CONDITIONS], { ruleMatching: 'all' });

/** Fields whose values were right. */
const asserted = new Set<string>();

/** No value is none: the field is not asserted by that. */
function assertValues(alert: AlertLine, expected: ExpectedFields): void {
  assertFields(alert, expected);
  for (const [name, value] of Object.entries(expected)) {
    if (value !== null) asserted.add(name.replace(/\[.*\]$/, ''));
  }
}

const path = (name: string): string => `${directory}/${name}`;

/** Calls, each with what its alert has. Steps that have no event are not among TYPES. */
const TABLE: readonly (readonly [Step, ExpectedFields?])[] = [
  [
    ['openat', AT_FDCWD, str('./file'), O.RDONLY],
    {
      'evt.type': 'openat',
      'evt.is_open_read': true,
      'evt.is_open_write': false,
      'evt.arg.name': path('file'),
      'evt.arg.flags': 'O_RDONLY',
      'fd.num': 3,
      'fd.name': path('file'),
      'fd.nameraw': './file',
      'fd.realpath': path('file'),
      'fd.directory': directory,
      'fd.filename': 'file',
      'fd.type': 'file',
      'fd.typechar': 'f',
      'evt.res': 'SUCCESS',
      'evt.rawres': 3,
    },
  ],
  [
    ['openat', AT_FDCWD, str('program'), O.WRONLY | O.CREAT, 0o755],
    {
      'evt.is_open_read': false,
      'evt.is_open_write': true,
      'evt.is_open_create': true,
      'evt.is_open_exec': true,
      'evt.arg.mode': '0755',
    },
  ],
  [
    ['rename', str('program'), str('renamed')],
    { 'evt.arg.oldpath': path('program'), 'fs.path.target': path('renamed') },
  ],
  [
    ['link', str('renamed'), str('linked')],
    { 'evt.arg.newpath': path('linked'), 'fs.path.source': path('linked'), 'fs.path.target': path('renamed') },
  ],
  [['symlink', str('/etc/x'), str('soft')], { 'evt.arg.target': '/etc/x', 'evt.arg.linkpath': path('soft') }],
  [['chmod', str('linked'), 0o4755], { 'evt.arg.filename': path('linked') }],
  [['mkdir', str('made'), 0o750], { 'evt.arg.path': path('made'), 'fs.path.name': path('made') }],
  [
    ['unlink', str('missing')],
    {
      'evt.res': 'ENOENT',
      'evt.rawres': -2,
      'evt.dir': '<',
      'evt.args': `res=-2(ENOENT) path=missing(${path('missing')})`,
    },
  ],
  [['setuid', 0], { 'evt.arg.uid': 'root' }],
  [['ptrace', 16, 0x3fffff, 0, 0], { 'evt.arg.request': 'PTRACE_ATTACH', 'evt.res': 'ESRCH' }],
  [['bpf', 5, 'out', 48], { 'evt.arg.cmd': 'BPF_PROG_LOAD' }],
  [['init_module', str('no module'), 9, str('debug=1')], { 'evt.arg.uargs': 'debug=1', 'evt.res': NO_MODULE }],
  [['memfd_create', str('payload'), 1], { 'evt.arg.name': 'payload', 'fd.typechar': 'm' }],
];
const STEPS = TABLE.map(([step]) => step);

/** Whether the processes have the same numbers here as in the kernel: the inode number is PROC_PID_INIT_INO. */
const SEES_KERNEL_PIDS = readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]';

function comm(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

function capabilities(status: string, set: string): string {
  const bits = BigInt(`0x${new RegExp(`^${set}:\\s*(\\w+)`, 'm').exec(status)?.[1]}`);
  return CAPABILITIES.filter((_, bit) => (bits >> BigInt(bit)) & 1n).join(' ');
}

interface Family {
  readonly calls: readonly Call[];
  readonly place: Place;
  readonly elder: string;
  readonly younger: string;
  readonly words: { readonly elder: readonly string[]; readonly younger: readonly string[] };
  readonly status: string;
}

/** Performs the steps in a program that another program has started. */
async function perform(steps: readonly Step[]): Promise<Family> {
  const [elder, younger] = [copyAct(directory, 'elder'), copyAct(directory, 'younger')];
  const own: readonly Step[] = [['@wait'], ...steps];
  // A session of its own: that of the test may begin outside of the namespace that the test sees.
  const all: readonly Step[] = [['setsid'], ['@fork'], ['@exec', younger, 'given'], ...own];
  const running = startAct(all, { program: elder, argv0: 'first', cwd: directory, env: { COLOUR: 'dark green' } });
  const place = await running.place();
  const status = readFileSync(`/proc/${place.pid}/status`, 'utf8');
  running.goOn();
  const calls = (await running.end()).filter(({ pid }) => pid === place.pid);
  return { calls, place, elder, younger, status, words: { elder: actWords(all), younger: actWords(own) } };
}

test('what calls are about', async () => {
  const { calls } = await perform(STEPS);
  const alerts = await agent.of(FIELDS, calls);
  assert.equal(alerts.length, TABLE.length);
  for (const [index, alert] of alerts.entries()) assertValues(alert, TABLE[index]?.[1] ?? {});
  const numbers = alerts.map(({ output_fields: fields }) => Number(fields['evt.num']));
  assert.ok(new Set(numbers).size === numbers.length && Math.min(...numbers) > 0, `${numbers}`);
  asserted.add('evt.num');
});

test('the process that calls, and those that it comes from', async () => {
  const { calls, place, elder, younger, words, status } = await perform([['mkdir', str('/'), 0]]);
  const [[alert = assert.fail()], [call = assert.fail()]] = [await agent.of(FIELDS, calls), calls];
  const { pid, ppid } = place;
  const file = statSync(younger, { bigint: true });
  const started = BigInt(String(alert.output_fields['proc.pid.ts']));
  const login = Number(readFileSync('/proc/self/loginuid', 'latin1'));
  const [, loginName = '<NA>'] =
    new RegExp(`^([^:]+):[^:]*:${login}:`, 'm').exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  const pcmdline = ['elder', ...words.elder].join(' ');
  const [ownExe = ''] = readFileSync('/proc/self/cmdline', 'utf8').split('\0');
  assertValues(alert, {
    // In a namespace of its own the test does not know the number that the kernel has for the process.
    'proc.pid': SEES_KERNEL_PIDS ? pid : Number(alert.output_fields['proc.pid']),
    'proc.ppid': SEES_KERNEL_PIDS ? ppid : Number(alert.output_fields['proc.ppid']),
    'proc.vpid': pid,
    'proc.pvpid': ppid,
    'proc.name': 'younger',
    'proc.exe': 'given',
    'proc.exepath': younger,
    'proc.args': words.younger.join(' '),
    'proc.args[0]': '@wait',
    'proc.args[1]': '--',
    'proc.cmdline': ['younger', ...words.younger].join(' '),
    'proc.cwd': `${directory}/`,
    'proc.env': 'COLOUR=dark green',
    'proc.tty': 0,
    'proc.sname': 'elder',
    'proc.is_sid_leader': false,
    'proc.is_vpgid_leader': false,
    'proc.exe_ino': file.ino,
    'proc.exe_ino.ctime': file.ctimeNs,
    'proc.exe_ino.mtime': file.mtimeNs,
    'proc.exe_ino.ctime_duration_proc_start': started - file.ctimeNs,
    'proc.is_exe_from_memfd': false,
    'proc.pname': 'elder',
    'proc.pexe': 'first',
    'proc.pexepath': elder,
    'proc.pcmdline': pcmdline,
    'proc.aname[1]': 'elder',
    'proc.aname[2]': comm(process.pid),
    'proc.apid[1]': Number(alert.output_fields['proc.ppid']),
    'proc.apid[2]': SEES_KERNEL_PIDS ? process.pid : Number(alert.output_fields['proc.apid[2]']),
    'proc.aexe[1]': 'first',
    'proc.aexe[2]': ownExe,
    'proc.aexepath[1]': elder,
    'proc.aexepath[2]': process.execPath,
    'proc.acmdline[1]': pcmdline,
    'user.uid': 0,
    'user.name': 'root',
    'user.loginuid': login === 0xffffffff ? -1 : login,
    'user.loginname': loginName,
    'group.gid': 0,
    'group.name': 'root',
    'thread.cap_effective': capabilities(status, 'CapEff'),
    'thread.cap_permitted': capabilities(status, 'CapPrm'),
  });
  assert.ok(ppid > 0 && Number(alert.output_fields['proc.pid']) > 0);
  const age = BigInt(String(alert.output_fields['proc.duration']));
  assert.equal(age, BigInt(String(alert.output_fields['evt.rawtime'])) - started);
  const atLeast = call.before - place.after;
  assert.ok(age > atLeast && age < atLeast + widened(10_000_000_000n), `it is ${age} ns old, at least ${atLeast}`);
  asserted.add('proc.duration');
});

const CONNECTION: readonly Step[] = [
  ['socket', AF_INET, SOCK_STREAM, 0],
  ['bind', 'r0', `in:127.0.0.1:${PORT}`, 'len'],
  ['listen', 'r0', 1],
  ['socket', AF_INET, SOCK_STREAM, 0],
  ['connect', 'r3', `in:127.0.0.1:${PORT}`, 'len'],
];

test('the ends of a connection', async () => {
  const { calls } = await perform(CONNECTION);
  const connect = calls.at(-1) ?? assert.fail();
  assert.equal(connect.result, 0);
  const alerts = await agent.of(FIELDS, calls);
  assertValues(alerts[0] ?? assert.fail(), { 'evt.arg.domain': 'AF_INET' });
  const client = Number(connect.local?.split(':')[1]);
  const tuple = `127.0.0.1:${client}->127.0.0.1:${PORT}`;
  assertValues(alerts.at(-1) ?? assert.fail(), {
    'evt.arg.fd': `<4t>${tuple}`,
    'fd.name': tuple,
    'fd.name_changed': true,
    'fd.connected': true,
    'fd.sockfamily': 'ip',
    'fd.type': 'ipv4',
    'fd.l4proto': 'tcp',
    'fd.cip': '127.0.0.1',
    'fd.sip': '127.0.0.1',
    'fd.rip': '127.0.0.1',
    'fd.sport': PORT,
    'fd.rport': PORT,
    'fd.lport': client,
  });
  await agent.only(HERE, { 'proc.vpid': connect.pid });
  await agent.none(ELSEWHERE, { 'proc.vpid': connect.pid });
  for (const name of CONDITIONS_ONLY) asserted.add(name);
});

test('the names of the ends, from the hosts file of the machine', async () => {
  // The agent asks for names when it has started.
  for (const deadline = performance.now() + 30_000; ; ) {
    const { calls } = await perform(CONNECTION);
    const alert = (await agent.of(FIELDS, calls)).at(-1) ?? assert.fail();
    if (alert.output_fields['fd.sip.name'] === null && performance.now() < deadline) continue;
    const name = 'localhost';
    assertValues(alert, { 'fd.sip.name': name, 'fd.cip.name': name, 'fd.lip.name': name, 'fd.rip.name': name });
    await agent.only(NAMED, { 'proc.vpid': calls[0]?.pid ?? 0 });
    return;
  }
});

test('what a datagram brings', async () => {
  const { calls } = await perform([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${DATA_PORT}`, 'len'],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendto', 'r2', 's:brought', 7, 0, `in:127.0.0.1:${DATA_PORT}`, 'len'],
    ['recvfrom', 'r0', 's:buffer.', 7, 0, 'out', 'outlen'],
  ]);
  const alert = (await agent.of(FIELDS, calls)).at(-1) ?? assert.fail();
  assertValues(alert, { 'evt.type': 'recvfrom', 'evt.buffer': 'brought', 'fd.l4proto': 'udp' });
});

test('a connection as the standard input', async () => {
  const program = `${directory}/dropped`;
  await act([
    ['close', 0],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['connect', 0, `in:127.0.0.1:${DATA_PORT}`, 'len'],
    ['@copy', program],
    ['mkdir', str('/'), 0],
  ]);
  const alert = await agent.eventually(FIELDS.name, { 'proc.exepath': program });
  const connection = String(alert.output_fields['proc.stdio.connection']);
  assert.match(connection, new RegExp(`^127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${DATA_PORT}$`));
  asserted.add('proc.stdio.connection');
});

test('a container, and the pod that it is of', async () => {
  const began = BigInt(Date.now() - 1000) * 1_000_000n;
  const container = new Container({
    image: 'registry.example/team/server:2',
    privileged: true,
    mounts: [{ source: directory, destination: '/data', options: ['rbind', 'ro'] }],
    labels: { 'io.kubernetes.pod.name': 'web-0', 'io.kubernetes.pod.namespace': 'shop' },
  });
  try {
    copyFileSync(actProgram(), `${container.root}/usr/bin/dropped`);
    const ready = BigInt(Date.now() + 1000) * 1_000_000n;
    await container.act([['mkdir', str('/'), 0]], { program: '/usr/bin/dropped' });
    // It waits for what the runtime knows of its container, which comes by itself.
    const alert = await agent.eventually(FIELDS.name, { 'container.id': container.shortId });
    assertValues(alert, {
      'container.id': container.shortId,
      'container.name': container.id,
      'container.image.repository': 'registry.example/team/server',
      'container.image.tag': '2',
      'container.privileged': true,
      'container.mounts': `${directory}:/data:ro:false:`,
      [`container.mount.dest[${directory}]`]: '/data',
      'k8s.pod.name': 'web-0',
      'k8s.ns.name': 'shop',
      'proc.is_exe_upper_layer': true,
    });
    const started = BigInt(String(alert.output_fields['container.start_ts']));
    const { 'evt.rawtime': time, 'container.duration': duration } = alert.output_fields;
    assert.equal(started, BigInt(String(time)) - BigInt(String(duration)));
    assert.ok(started > began && started < ready, `${began} ${started} ${ready}`);
    asserted.add('container.start_ts');
  } finally {
    container.stop();
  }
});

test('that was every field that a shipped rule reads', () => assertAllAsserted(SHIPPED, 50));

test('and every field that a stock rule reads', { skip: WITHOUT_STOCK }, () => assertAllAsserted(STOCK, 80));

function assertAllAsserted(fields: ReadonlyMap<string, string>, fewest: number): void {
  assert.ok(fields.size > fewest, `only ${fields.size} fields were found`);
  const missing = [...fields].filter(([field]) => !asserted.has(field));
  assert.deepEqual(missing, [], 'fields whose values were not asserted, each with a rule that reads it');
}
