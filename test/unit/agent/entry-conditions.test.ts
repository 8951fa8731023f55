// Conditions on the session that a process is in, beside those on its event and on the exec session: of each process the rules that hold raise an alert, and
// no others.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { alternativesOf } from '../../../host/compiler/conditions/session-checks.ts';
import { ExecNode, type Proc, WEB } from '../../support/audit/exec-node.ts';
import { moduleOf } from '../../support/records/built-agent.ts';

const NOBODY = 65_534;
const PTS_3 = (136 << 8) | 3;
const RULES = 40;

/** What the fields of a process's session have; undefined: they are absent. */
interface Facts {
  readonly program: string;
  readonly kind?: string;
  readonly user?: string;
  readonly tty?: string;
  /** Its Kubernetes user. */
  readonly person?: string;
}

interface Condition {
  readonly text: string;
  readonly holds: (facts: Facts) => boolean;
}

const CHECKS: readonly Condition[] = [
  { text: 'proc.name = bash', holds: ({ program }) => program === 'bash' },
  { text: 'fd.name = /etc/shadow', holds: () => true },
  { text: 'session.kind = ssh', holds: ({ kind }) => kind === 'ssh' },
  { text: 'session.kind in (su, exec)', holds: ({ kind }) => kind === 'su' || kind === 'exec' },
  { text: 'session.kind != ssh', holds: ({ kind }) => kind !== undefined && kind !== 'ssh' },
  { text: 'session.user = root', holds: ({ user }) => user === 'root' },
  { text: 'session.user startswith no', holds: ({ user }) => user?.startsWith('no') === true },
  { text: 'session.user exists', holds: ({ user }) => user !== undefined },
  { text: 'session.user = val(session.kind)', holds: () => false },
  { text: 'session.id glob "????????"', holds: ({ kind }) => kind !== undefined },
  { text: 'session.id in (00000000)', holds: () => false },
  { text: 'session.tty exists', holds: ({ tty }) => tty !== undefined },
  { text: 'session.tty glob pts/*', holds: ({ tty }) => tty?.startsWith('pts/') === true },
  { text: 'toupper(session.kind) = EXEC', holds: ({ kind }) => kind === 'exec' },
  // No sshd is there whose connection could be looked up.
  { text: 'session.source exists', holds: () => false },
  { text: 'session.net = 10.0.0.0/8', holds: () => false },
  { text: 'session.ip != 10.0.0.1', holds: () => false },
  { text: 'k8s.user.name = alice', holds: ({ person }) => person === 'alice' },
  { text: 'k8s.user.name exists', holds: ({ person }) => person !== undefined },
];

const conditions: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition; check: Condition }>((tie) => {
  const several = (word: 'and' | 'or') =>
    fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => ({
      text: `(${parts.map(({ text }) => text).join(` ${word} `)})`,
      holds: (facts: Facts) => parts[word === 'and' ? 'every' : 'some'](({ holds }) => holds(facts)),
    }));
  return {
    check: fc.constantFrom(...CHECKS),
    node: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      tie('check'),
      several('and'),
      several('or'),
      tie('node').map(({ text, holds }) => ({ text: `not (${text})`, holds: (facts: Facts) => !holds(facts) })),
    ),
  };
}).node;

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
const TRIED = fc
  .sample(
    conditions.filter(({ text }) => alternativesOf(parseCondition(text)) !== undefined),
    { numRuns: RULES, seed: SEED },
  )
  .concat(CHECKS);

let module: RuleModule;
before(async () => {
  module = await moduleOf(
    TRIED.map(
      ({ text }, index) => `
- rule: R${index}
  desc: d
  condition: evt.type = openat and ${text}
  output: "%proc.pid R${index}"
  priority: WARNING
`,
    ).join(''),
  );
});

/** Runs a program at its place in the system. */
function run(node: ExecNode, proc: Proc, executable: string, more: Parameters<ExecNode['run']>[2] = {}): Proc {
  const name = executable.slice(executable.lastIndexOf('/') + 1);
  return node.run(proc, `${name}\0`, { executable, comm_bytes: name, uid: 0, ...more });
}

/** Processes in sessions of all kinds, with what is known of each. */
function inhabit(node: ExecNode): readonly (readonly [Proc, Facts])[] {
  const systemd = run(node, node.fork(undefined), '/usr/lib/systemd/systemd');
  const listener = run(node, node.fork(systemd), '/usr/sbin/sshd');
  const monitor = run(node, node.fork(listener), '/usr/lib/openssh/sshd-session');
  const nobody = { uid: NOBODY, login_uid: NOBODY, tty: PTS_3 };
  const shell = run(node, node.fork(node.fork(monitor, nobody)), '/usr/bin/bash', nobody);
  const sudo = run(node, node.fork(shell), '/usr/bin/sudo', { ...nobody, uid: 0 });
  const root = run(node, node.fork(sudo), '/usr/bin/id', { ...nobody, uid: 0 });
  const service = run(node, node.fork(systemd), '/usr/bin/bash', { cgroup: '/system.slice/a.service', cgroup_id: 7 });
  const cron = run(node, node.fork(systemd), '/usr/sbin/cron');
  const job = run(node, node.fork(node.fork(cron)), '/bin/sh');
  const shim = run(node, node.fork(undefined), '/usr/bin/containerd-shim');
  const exec = node.exec(WEB, 'bash\0', shim);
  const inner = node.run(node.fork(exec), 'id\0', { comm_bytes: 'id' });
  const other = node.exec(WEB, 'sh\0', shim);
  const people = { tty: undefined, kind: 'exec', user: 'root' } as const;
  return [
    [shell, { program: 'bash', kind: 'ssh', user: 'nobody', tty: 'pts/3' }],
    [sudo, { program: 'sudo', kind: 'ssh', user: 'nobody', tty: 'pts/3' }],
    [root, { program: 'id', kind: 'su', user: 'root', tty: 'pts/3' }],
    [service, { program: 'bash', kind: 'service', user: 'root' }],
    [job, { program: 'sh', kind: 'cron', user: 'root' }],
    [exec, { program: 'test', person: 'alice', ...people }],
    [inner, { program: 'id', person: 'alice', ...people }],
    [other, { program: 'test', ...people }],
  ].map(([proc, facts]) => [proc as Proc, facts as Facts]);
}

function holding(facts: Facts): readonly string[] {
  return TRIED.flatMap(({ holds }, index) => (holds(facts) ? [`R${index}`] : []));
}

for (const ruleMatching of ['all', 'first'] as const) {
  test(`rule_matching ${ruleMatching}: the rules that hold raise an alert, and no others`, async () => {
    await using node = await ExecNode.start({ modules: [module], ruleMatching });
    const all = inhabit(node);
    node.request('alice', ['bash']);
    // Twice: the second time the session is remembered.
    const times = 2;
    for (let time = 0; time < times; time++) for (const [proc] of all) node.read(proc);
    const expected = all.map(([, facts]) => {
      const names = holding(facts);
      return (ruleMatching === 'all' ? names : names.slice(0, 1)).flatMap((name) => new Array(times).fill(name));
    });
    const count = expected.flat().length;
    await node.lines(count);
    await node.agent.stop();
    const lines = await node.lines(count);
    const of = ({ pid }: Proc) => lines.flatMap((line) => line.match(new RegExp(` ${pid} (R\\d+)$`))?.[1] ?? []);
    for (const [index, [proc, facts]] of all.entries()) {
      const sorted = of(proc).toSorted();
      assert.deepEqual(sorted, expected[index]?.toSorted(), `${JSON.stringify(facts)} ${conditionsOf(sorted)}`);
    }
    assert.equal(lines.length, count);
    assert.ok(count > (ruleMatching === 'all' ? 100 : 10));
  });
}

function conditionsOf(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `${name}: ${TRIED[Number(name.slice(1))]?.text}`).join('\n');
}

test('of a process that is not known all fields are absent', async () => {
  const rules = await moduleOf(`
- rule: Any
  desc: d
  condition: evt.type = openat and (session.kind exists or session.id exists or session.user exists or session.kind != ssh)
  output: any
  priority: WARNING
- rule: None
  desc: d
  condition: evt.type = openat and not session.kind = ssh
  output: none <%session.kind>
  priority: WARNING
`);
  await using node = await ExecNode.start({ modules: [rules], isOn: false });
  node.read({ image: 999, pid: 0, start: 0n, parent: 0, place: {} });
  const [line = ''] = await node.lines(1);
  await node.agent.stop();
  assert.match(line, /none <<NA>>/);
});
