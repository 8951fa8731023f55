// What `wasprey doctor` judges of given facts, and how it prints it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { BpfLsmLack } from '../../../host/capture/bpf-lsm.ts';
import type { MissingHook } from '../../../host/capture/missing-hooks.ts';
import { renderExamination } from '../../../host/cli/reports/doctor-report.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import { checkCapture } from '../../../host/doctor/capture-checks.ts';
import { type Check, stateOf } from '../../../host/doctor/check.ts';
import { checkRuntimes, findRuntimes } from '../../../host/doctor/runtime-checks.ts';
import { checkSystem } from '../../../host/doctor/system-checks.ts';
import {
  cgroupMounts,
  gatherSystemFacts,
  hasTraceEvents,
  parseMounts,
  type SystemFacts,
} from '../../../host/doctor/system-facts.ts';
import { STARTED } from '../../support/capture-trials.ts';

const SYS_PTRACE = 1n << 19n;
const PERFMON = 1n << 38n;
const BPF = 1n << 39n;

const GOOD: SystemFacts = {
  machine: {
    platform: 'linux',
    architecture: 'x64',
    kernelRelease: '6.12.41+deb13-amd64',
    hasBtf: true,
    uid: 0,
    capabilities: BPF | PERFMON | SYS_PTRACE,
    initialUserNamespace: true,
    lockdownConfidential: false,
  },
  lockdown: 'none',
  securityModules: ['lockdown', 'capability', 'landlock', 'yama', 'apparmor', 'bpf'],
  cgroups: { v1: false, v2: true },
  tracefs: true,
  availableMemory: 4 << 30,
  bpfJit: '1',
  unprivilegedBpfDisabled: '2',
  perfEventParanoid: '2',
  serviceCapabilities: undefined,
  initialPidNamespace: true,
};
const machine = (changed: Partial<SystemFacts['machine']>): Partial<SystemFacts> => ({
  machine: { ...GOOD.machine, ...changed },
});

/** Of GOOD with some facts changed: what is not well, by id. */
function complaints(changed: Partial<SystemFacts>): Record<string, string> {
  const checks = checkSystem({ ...GOOD, availableMemory: 2 ** 32, ...changed });
  const bad = checks.filter(({ state }) => state !== 'works');
  for (const { id, advice } of bad) assert.ok(advice, `what to do about ${id}`);
  return Object.fromEntries(bad.map(({ id, state }) => [id, state]));
}

const finding = (changed: Partial<SystemFacts>, id: string): string =>
  checkSystem({ ...GOOD, ...changed }).find((check) => check.id === id)?.finding ?? assert.fail(id);

describe('the machine', () => {
  test('one with all that is needed works', () => {
    assert.deepEqual(complaints({}), {});
  });

  test('what keeps the capture from working fails, each on its own', () => {
    assert.deepEqual(complaints(machine({ kernelRelease: '5.15.0-100-generic' })), { kernel: 'fails' });
    assert.deepEqual(complaints(machine({ hasBtf: false })), { btf: 'fails' });
    assert.deepEqual(complaints(machine({ architecture: 's390x' })), { processor: 'fails' });
    assert.deepEqual(complaints(machine({ capabilities: 0n, uid: 1000 })), { capabilities: 'fails' });
    assert.deepEqual(complaints(machine({ initialUserNamespace: false })), { 'user-namespace': 'fails' });
    assert.deepEqual(complaints(machine({ lockdownConfidential: true })), { lockdown: 'fails' });
    const preempting = machine({ kernelRelease: '7.3.1-cloud-amd64' });
    assert.deepEqual(complaints({ ...preempting, tracefs: false }), { tracefs: 'fails' });
    assert.deepEqual(complaints(preempting), {});
  });

  test('on another system there is nothing else to say', () => {
    assert.deepEqual(
      checkSystem({ ...GOOD, ...machine({ platform: 'darwin' }) }).map(({ id }) => id),
      ['system'],
    );
  });

  test('what makes alerts poorer is limited', () => {
    assert.deepEqual(complaints(machine({ capabilities: BPF | PERFMON })), { capabilities: 'limited' });
    assert.deepEqual(complaints({ initialPidNamespace: false }), { 'pid-namespace': 'limited' });
    assert.deepEqual(complaints({ cgroups: { v1: false, v2: false } }), { cgroups: 'limited' });
    assert.deepEqual(complaints({ availableMemory: 100 << 20 }), { memory: 'limited' });
    assert.deepEqual(complaints({ bpfJit: '0' }), { 'bpf-jit': 'limited' });
  });

  test('what is out of sight or not needed is reported', () => {
    const blind = {
      lockdown: undefined,
      securityModules: undefined,
      bpfJit: undefined,
      unprivilegedBpfDisabled: undefined,
    };
    assert.deepEqual(complaints(blind), {});
    for (const id of ['lockdown', 'lsm', 'bpf-jit', 'unprivileged-bpf']) assert.match(finding(blind, id), /^unknown/);
    assert.match(
      finding({ securityModules: ['yama'] }, 'lsm'),
      /^yama; bpf is not enabled, which only responses with where: kernel use$/,
    );
    assert.match(
      finding({ tracefs: false }, 'tracefs'),
      /^not found at \/sys\/kernel\/tracing; not needed, .* raw tracepoints$/,
    );
    assert.match(finding({ lockdown: 'integrity' }, 'lockdown'), /^integrity; /);
  });

  test('cgroups of either version, or both', () => {
    const [v1, v2] = [
      '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
      '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate',
    ];
    const systemd = '40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd';
    const kind = (...lines: readonly string[]) =>
      finding({ cgroups: cgroupMounts(parseMounts(lines.join('\n'))) }, 'cgroups');
    assert.match(kind(v2), /^version 2;/);
    assert.match(kind(v2, systemd), /^version 2;/);
    assert.match(kind(v1, systemd), /^version 1;/);
    assert.match(kind(v1, v2, systemd), /^hybrid/);
    assert.match(kind('', 'no mount'), /^not mounted here/);
  });

  test('trace events are looked for where the capture does: a mount elsewhere does not do', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wasprey-doctor-'));
    const [usual, elsewhere] = [join(folder, 'usual'), join(folder, 'elsewhere')];
    mkdirSync(join(elsewhere, 'events/raw_syscalls'), { recursive: true });
    mkdirSync(usual);
    assert.equal(hasTraceEvents([usual]), false);
    assert.equal(hasTraceEvents([usual, elsewhere]), true);
    rmSync(folder, { recursive: true });
  });

  test('facts of this machine can be gathered and judged', () => {
    const facts = gatherSystemFacts();
    assert.ok(facts.availableMemory > 0);
    assert.ok(checkSystem(facts).length > 10);
  });
});

test('sockets of runtimes: one that answers, one that nobody listens at, none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-doctor-'));
  const [answering, stale] = [join(folder, 'a.sock'), join(folder, 'b.sock')];
  const server = createServer().listen(answering);
  try {
    writeFileSync(stale, '');
    const places = {
      criSockets: [answering, join(folder, 'absent')],
      dockerSocket: stale,
      podmanSocket: '',
      runcRoots: [],
    };
    const checks = checkRuntimes(await findRuntimes(places), places);
    assert.deepEqual(
      checks.map(({ id, state }) => [id, state]),
      [
        [`socket:${answering}`, 'works'],
        [`socket:${stale}`, 'limited'],
      ],
    );
    const none = {
      criSockets: [],
      dockerSocket: join(folder, 'absent'),
      podmanSocket: '',
      runcRoots: [join(folder, 'runc')],
    };
    assert.deepEqual(
      checkRuntimes(await findRuntimes(none), none).map(({ state }) => state),
      ['limited'],
    );
    mkdirSync(join(folder, 'runc'));
    assert.deepEqual(
      checkRuntimes([], none).map(({ id }) => id),
      ['runc'],
    );
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

const IO_URING: MissingHook = {
  hook: 'io_uring_submit_req',
  program: 'on_request',
  reason: 'tracepoint-missing',
  detail: 'ENOENT: No such file or directory',
  blinds: ['openat'],
  ways: ['io_uring'],
};
const states = (checks: readonly Check[]): string[] => checks.map(({ id, state }) => `${id} ${state}`);

describe('the capture', () => {
  test('all hooks attached', () => {
    assert.deepEqual(states(checkCapture(STARTED)), [
      'capture works',
      'hooks works',
      'enforcement works',
      'reads works',
      'io_uring works',
    ]);
  });

  test('a missing hook does not work; without io_uring there is nothing to miss', () => {
    assert.deepEqual(states(checkCapture({ ...STARTED, missing: [IO_URING] })), [
      'capture limited',
      'hook:on_request fails',
      'hooks works',
      'enforcement works',
      'reads works',
      'io_uring works',
    ]);
    const none: MissingHook = { ...IO_URING, reason: 'no-io-uring', detail: '', blinds: [], ways: [] };
    const checks = checkCapture({ ...STARTED, missing: [none], missingIoUringOperations: undefined });
    assert.deepEqual(states(checks), [
      'capture works',
      'hook:on_request works',
      'hooks works',
      'enforcement works',
      'reads works',
      'io_uring works',
    ]);
    assert.match(checks.at(-1)?.finding ?? '', /built without it/);
  });

  test('fexit: what it does not see, or why it can not be used', () => {
    const finding = (lackOfFexit?: string): string =>
      checkCapture({ ...STARTED, lackOfFexit }).find(({ id }) => id === 'hooks')?.finding ?? '';
    assert.match(finding(), /fexit can be used \(engine\.wasprey\.hooks\), but does not see calls that seccomp /);
    assert.match(finding('it is too old'), /sys_exit works; fexit can't be used: it is too old$/);
    const wanted = (lackOfFexit?: string): string[] => states(checkCapture({ ...STARTED, lackOfFexit }, 'fexit'));
    assert.ok(wanted().includes('hooks works'));
    assert.ok(wanted('it is too old').includes('hooks fails'));
  });

  test('without BPF LSM it says why, what is left, and how to get it by what hinders it', () => {
    const check = (lackOfLsm?: BpfLsmLack): Check =>
      checkCapture({ ...STARTED, lackOfLsm }).find(({ id }) => id === 'enforcement') ?? assert.fail();
    const works = check();
    assert.match(
      works.finding,
      /opens and execs can be refused by BPF LSM; refusals of connects and datagrams can be pinned$/,
    );
    assert.equal(works.advice, undefined);
    const unlisted = check({ cause: 'unlisted', text: 'bpf is not among its security modules: lockdown,yama' });
    assert.match(
      unlisted.finding,
      /stopped by a signal alone.*\(bpf is not among its security modules: lockdown,yama\)/,
    );
    assert.match(unlisted.advice ?? '', /lsm=LIST,bpf/);
    const refused = check({ cause: 'refused', text: 'it attaches no program to hooks of security modules: errno 524' });
    assert.match(refused.advice ?? '', /arm64 Linux 6\.4/);
    assert.doesNotMatch(refused.advice ?? '', /lsm=/);
    const unbuilt = check({ cause: 'not-built', text: 'its type information lacks the hook file_open' });
    assert.match(unbuilt.advice ?? '', /CONFIG_BPF_LSM/);
  });

  test('operations of io_uring that the kernel lacks are named', () => {
    const checks = checkCapture({ ...STARTED, missingIoUringOperations: ['BIND', 'LISTEN'] });
    assert.match(checks.at(-1)?.finding ?? '', /^the kernel's io_uring lacks BIND, LISTEN: no process can use them$/);
  });

  test('reads of kernel memory by probes are named, with what they cost and the kernel that needs none', () => {
    const reads = checkCapture({ ...STARTED, hasDirectReads: false }).find(({ id }) => id === 'reads');
    assert.equal(reads?.state, 'limited');
    assert.match(reads.finding, /lacks bpf_rdonly_cast.*each captured call costs more/);
    assert.match(reads.advice ?? '', /6\.2/);
  });

  test('one that can not start says why, and what else there is', () => {
    const failure = { code: 'CAPTURE_LOAD', message: 'This kernel refuses on_call', detail: 'EINVAL' };
    const [capture, ...others] = checkCapture({ ...STARTED, failure, loaded: ['on_open'], missing: [IO_URING] });
    assert.equal(capture?.state, 'fails');
    assert.equal(
      capture?.finding,
      "it can't start: This kernel refuses on_call [CAPTURE_LOAD]; 1 other BPF programs can be loaded",
    );
    assert.ok(capture?.advice);
    assert.deepEqual(states(others), ['hook:on_request fails']);
  });
});

test('the worst check is the verdict, and text from elsewhere is escaped', () => {
  const bad: Check = { id: 'a', title: 'a', state: 'fails', finding: 'x\u001b[2J', advice: 'mend it' };
  const good: Check = { id: 'b', title: 'longer', state: 'works', finding: 'y' };
  assert.equal(stateOf([good, bad]), 'fails');
  assert.equal(stateOf([good]), 'works');
  const text = renderExamination(
    {
      kernelRelease: '6.1.0',
      architecture: 'x64',
      state: 'fails',
      groups: [{ title: 'Group', checks: [bad, good] }],
      trial: { ...STARTED, failure: { code: 'CAPTURE_LOAD', message: 'm', detail: 'EINVAL\nR1 invalid\u001b' } },
    },
    SILENT,
  );
  const lines = text.split('\n').slice(1);
  assert.deepEqual(lines, [
    '',
    'Group',
    '  fails    a       x\\u001b[2J. What to do: mend it',
    '  works    longer  y',
    '',
    'What the kernel says',
    '  EINVAL',
    '  R1 invalid\\u001b',
    '',
    'Something does not work here: see above.',
    '',
  ]);
});
