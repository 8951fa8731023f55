// `wasprey run` with the shipped rules and those of hooks.yaml: it starts, and an alert comes for each family of hooks, of calls that
// act makes. A process in the control group of a container is known as the container's, however control groups are mounted.
//
// In the root that was set up it is started as the README says, by `npm start`, with what that machine has: its own Node and npm.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';
import { program32 } from '../../support/live/elf32.ts';
import { testHooks } from '../../support/live/hooks.ts';
import { actProgram, actWords, type Step, str } from '../../support/live/live-act.ts';
import { AF_INET, AT_EMPTY_PATH, AT_FDCWD, O, SOCK_DGRAM, SOCK_STREAM } from '../../support/live/live-numbers.ts';
import { until } from '../../support/until.ts';
import { guestNamed } from '../guests.ts';
import { type StartedAgent, startAgent } from './agent.ts';

const FOLDER = '/tmp/wasprey-hooks';
const CONTAINER = 'c0ffee'.padEnd(64, '0');
const { root, lacks, needsTracefs } = guestNamed(process.env.GUEST ?? '');
const BY_NPM = root === 'set-up';
/** The capabilities that the service of a package and the pod of the chart have. */
const RIGHTS = ['bpf', 'perfmon', 'sys_ptrace'];
/** Debian's kernels let no other capability open trace events. */
const rightsHere = needsTracefs ? [...RIGHTS, 'sys_admin'] : RIGHTS;
const RULES = ['rules', 'test/kernels/guest/hooks.yaml'];
const RUN = [process.execPath, ...RUNTIME_OPTIONS, 'host/cli/main.ts', 'run'];
const COMMAND = BY_NPM ? ['npm', 'start', '--'] : withRights(rightsHere, RUN);

function withRights(rights: readonly string[], command: readonly string[]): string[] {
  const allowed = ['-all', ...rights.map((name) => `+${name}`)].join(',');
  return ['setpriv', `--bounding-set=${allowed}`, '--inh-caps=-all', '--no-new-privs', ...command];
}

let agent: StartedAgent | undefined;

before(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  for (const name of ['open', 'tagged', 'descriptor', 'to-rename', 'contained'])
    writeFileSync(`${FOLDER}/${name}`, 'content');
  // As a user starts it where that is the promise.
  const hooks = BY_NPM ? [] : ['-o', `engine.wasprey.hooks=${testHooks()}`];
  agent = await startAgent([...COMMAND, ...hooks, '--json', ...RULES]);
});
after(() => agent?.stop());

test(`${BY_NPM ? 'npm start' : 'wasprey run'} starts, and alerts`, async (context) => {
  // The table of the suite compares starts of the agent alone.
  context.diagnostic(`${BY_NPM ? 'npm start took' : 'start-up'} ${agent?.startMs} ms`);
  readFileSync('/etc/shadow');
  assert.match(await alert('Sensitive file read'), /\/etc\/shadow/);
});

// On one of the guests: it takes a start.
if (needsTracefs && process.arch === 'arm64') {
  test('without CAP_SYS_ADMIN, which trace events need here, it does not start, and says what to do', () => {
    const [program = '', ...words] = withRights(RIGHTS, [...RUN, '--json', ...RULES]);
    const { stderr, status } = spawnSync(program, words, { encoding: 'utf8', timeout: 120_000 });
    assert.match(stderr, /Set kernel\.perf_event_paranoid to 2 .*, or give this capability\. \[CAPTURE_TRACE_EVENTS\]/);
    assert.notEqual(status, 0);
  });
}

test('at its start it reports the operations that the io_uring of this kernel lacks', () => {
  const said = /the kernel's io_uring lacks ([A-Z0-9_, ]+):/.exec(agent?.messages() ?? '')?.[1];
  assert.deepEqual(said?.split(', ').sort() ?? [], [...lacks.ioUringOperations]);
});

test('at its start it reports that the memory of a kernel before 6.2 is read by probes', () => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const isOld = major < 6 || (major === 6 && minor < 2);
  assert.equal(agent?.messages().includes('the kernel lacks bpf_rdonly_cast'), isOld);
});

const open = (path: string): Step => ['openat', AT_FDCWD, str(path), O.RDONLY];
const MARK: Step = ['@mark', 'wasprey-hooks'];

/** For each rule of hooks.yaml that is about a call of act: what makes it fire. */
const ACTS: Readonly<Record<string, readonly Step[]>> = {
  open: [open(`${FOLDER}/open`)],
  exec: [MARK],
  fork: [MARK, ['clone', 17, 0, 0, 0, 0]],
  'child of a fork': [MARK, ['clone', 17, 0, 0, 0, 0]],
  network: [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', 'in:127.0.0.1:47001', 'len'],
    ['listen', 'r0', 1],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r3', 'in:127.0.0.1:47001', 'len'],
  ],
  send: [
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendto', 'r0', str('data'), 4, 0, 'in:127.0.0.1:47002', 'len'],
  ],
  'send many': [
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendmmsg', 'r0', 'msgs:in:127.0.0.1:47003', 1, 0],
  ],
  receive: [...datagramTo(47004), ['recvfrom', 'r0', str('room'), 4, 0, 'out', 'outlen']],
  'receive many': [...datagramTo(47005), ['recvmmsg', 'r0', 'msgs:in:127.0.0.1:1', 1, 0, 'null']],
  path: [['mkdirat', AT_FDCWD, str(`${FOLDER}/path`), 0o755]],
  'empty path': [open(`${FOLDER}/descriptor`), ['fchownat', 'r0', str(''), 0, 0, AT_EMPTY_PATH]],
  paths: [['renameat2', AT_FDCWD, str(`${FOLDER}/to-rename`), AT_FDCWD, str(`${FOLDER}/renamed`), 0]],
  descriptor: [open(`${FOLDER}/descriptor`), ['fchmod', 'r0', 0o600]],
  process: [MARK, ['@fork'], ['setsid']],
  change: [['setuid', 1234], open(`${FOLDER}/open`)],
  io_uring: [['ring:openat', AT_FDCWD, str(`${FOLDER}/open`), O.RDONLY]],
};

/** The same with pointers that arm64 takes of a process that asks for it. */
const TAGGED: Readonly<Record<string, readonly Step[]>> = {
  'tagged path': [['openat2', AT_FDCWD, `tag:${str(`${FOLDER}/tagged`)}`, 'tag:how:0,0,4', 'len']],
  'tagged message': [
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendmsg', 'r0', 'tag:msg:in:127.0.0.1:47006', 0],
  ],
  'tagged address': [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', 'tag:in:127.0.0.1:47007', 'len'],
  ],
  'tagged process': [
    ['@mark', 'wasprey-tagged'],
    ['clone3', 'tag:clone3:0x400,17,0', 'len'],
  ],
};

function alert(rule: string): Promise<string> {
  return agent?.alert(rule) ?? assert.fail('the agent was not started');
}

function datagramTo(port: number): Step[] {
  return [
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${port}`, 'len'],
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['sendto', 'r2', str('data'), 4, 0, `in:127.0.0.1:${port}`, 'len'],
  ];
}

describe('an alert of', () => {
  for (const [rule, steps] of Object.entries({ ...ACTS, ...(process.arch === 'arm64' && TAGGED) })) {
    test(rule, async () => {
      const { status, stderr } = spawnSync(actProgram(), actWords(steps), { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      await alert(rule);
    });
  }

  test('32-bit', async () => {
    const program = `${FOLDER}/opener32`;
    writeFileSync(program, program32([['open', `${FOLDER}/open`, 0]]), { mode: 0o755 });
    const { status, error } = spawnSync(program, [`${FOLDER}/open`]);
    assert.equal(status, 0, String(error));
    await alert('32-bit');
  });

  test('container, by the control group of a process', async () => {
    const folders = containerCgroups();
    const process = spawn(actProgram(), actWords([['@wait'], open(`${FOLDER}/contained`)]), {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await waits(process);
      for (const folder of folders) appendFileSync(join(folder, 'cgroup.procs'), `${process.pid}\n`);
      process.stdin.end('\n');
      const line = await alert('container');
      assert.match(line, new RegExp(`container=${CONTAINER.slice(0, 12)}"`));
    } finally {
      process.kill('SIGKILL');
    }
  });
});

// Programs that returned 0 would take the trace events they are attached to away from perf.
test('perf counts calls meanwhile', () => {
  const PERF_TYPE_TRACEPOINT = 2;
  const attributes = Buffer.alloc(64); // PERF_ATTR_SIZE_VER0
  attributes.writeUInt32LE(PERF_TYPE_TRACEPOINT);
  attributes.writeUInt32LE(attributes.length, 4);
  attributes.writeBigUInt64LE(BigInt(readFileSync('/sys/kernel/tracing/events/raw_syscalls/sys_exit/id', 'utf8')), 8);
  const steps: Step[] = [
    ['perf_event_open', str(attributes), 0, -1, -1, 0],
    ...Array.from({ length: 10 }, (): Step => ['getppid']),
    ['read', 'r0', 'out', 8],
    ['openat', AT_FDCWD, str(`${FOLDER}/counted`), O.WRONLY | O.CREAT, 0o600],
    ['write', 'r', 'out', 8],
  ];
  const { status, stderr } = spawnSync(actProgram(), actWords(steps), { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const counted = readFileSync(`${FOLDER}/counted`).readBigUInt64LE();
  assert.ok(counted >= 10n, `${counted} counted`);
});

/** A control group as Docker names it, made in each hierarchy that is mounted. */
function containerCgroups(): string[] {
  const hierarchies = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .map(([, point = '']) => point);
  const folders = hierarchies.map((point) => join(point, 'docker', CONTAINER));
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    // A new set of CPUs is empty in version 1, and takes no process then.
    for (const name of ['cpuset.cpus', 'cpuset.mems']) {
      for (const at of [join(folder, '..'), folder]) {
        if (existsSync(join(at, name)) && at.includes('/cpuset/')) {
          writeFileSync(join(at, name), readFileSync(join(at, '..', name)));
        }
      }
    }
  }
  return folders;
}

/** It has said where it is, and waits for a line. */
async function waits({ stdout }: ChildProcess): Promise<void> {
  let said = '';
  stdout?.on('data', (chunk) => {
    said += chunk;
  });
  await until(() => said.includes('@wait'));
}
