// Who did it, by a real API server's audit log: two users with certificates and a service account run commands in one pod at the same time, the same
// command and different ones. Each session has the name of its user, or of all who it may be; never a wrong one, whatever of the log is lost.
// WASPREY_TEST_EXECS=200 for more of them.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { auditPolicy } from '../../host/audit/api-server/policy.ts';
import { readRequests } from '../../host/cli/activity/audit-logs.ts';
import { loadConfig } from '../../host/config/load.ts';
import { AuditSource } from '../../host/daemon/audit/audit-source.ts';
import { asText, at } from '../../host/diagnostics/json-value.ts';
import { NANOSECONDS_PER_MS } from '../../host/fields/time.ts';
import { ActivityLog } from '../../host/journal/activity/activity-log.ts';
import { nameKubernetesUsers } from '../../host/journal/activity/kubernetes-users.ts';
import { readFile } from '../../host/journal/activity/read-activity.ts';
import { commandsOf, type Session } from '../../host/journal/activity/session.ts';
import { findHistory } from '../../host/journal/history.ts';
import { SecretMask } from '../../host/journal/secrets/mask-secrets.ts';
import { LONGEST_START } from '../../host/sessions/groups.ts';
import type { PodRequest } from '../../host/sessions/pod-request.ts';
import { Cluster } from '../support/cluster/cluster.ts';
import { eventually } from '../support/cluster/cluster-agent.ts';
import { webPod } from '../support/cluster/shop.ts';
import { makeDirectory } from '../support/directory.ts';
import { moduleOf, startBuiltAgent } from '../support/records/built-agent.ts';

const EXECS = Number(process.env.WASPREY_TEST_EXECS ?? 24);
const AT_A_TIME = 6;
const LONGEST_START_MS = Number(LONGEST_START / NANOSECONDS_PER_MS);
const ROBOT = 'system:serviceaccount:shop:robot';
const USERS = ['alice', 'bob', ROBOT] as const;
type User = (typeof USERS)[number];

/** Fields of an alert. */
interface Alert {
  readonly 'proc.cmdline': string;
  readonly 'k8s.user.name': string | null;
  readonly 'k8s.user.groups': readonly string[] | null;
  readonly 'k8s.session.id': string | null;
  readonly 'k8s.session.match': string | null;
  readonly 'k8s.session.candidates': readonly string[] | null;
  readonly 'k8s.session.source': string | null;
  readonly 'k8s.session.agent': string | null;
}

const RULES = `
- rule: Program in a pod
  desc: what is run in the pod that they enter
  condition: evt.type = execve and k8s.pod.name = web
  output: >
    %proc.cmdline %k8s.user.name %k8s.user.groups %k8s.session.id %k8s.session.match %k8s.session.candidates
    %k8s.session.source %k8s.session.agent
  priority: NOTICE
- rule: Program of a person
  desc: the same, of those who are no service account
  condition: evt.type = execve and k8s.pod.name = web and k8s.user.name exists and not k8s.user.name startswith system
  output: "%k8s.session.id %proc.cmdline %k8s.user.name %k8s.session.match"
  priority: NOTICE
`;

/** What a condition on the session decides, as it is printed. */
const OF_PERSON = ['k8s.session.id', 'proc.cmdline', 'k8s.user.name', 'k8s.session.match'] as const;

const directory = makeDirectory();
const place = (name: string): string => join(directory.path, name);
let cluster: Cluster;
let recorded: readonly Session[];
/** As the agent has written them. */
let alerts: readonly Alert[];
/** Of the rule with a condition on the session. */
let ofPersons: readonly Alert[];
/** Of the audit log. */
let lines: readonly string[];

const GROUP = 'rbac.authorization.k8s.io';
const OBJECTS = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'shop' } },
  {
    apiVersion: `${GROUP}/v1`,
    kind: 'Role',
    metadata: { name: 'entering', namespace: 'shop' },
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods/exec', 'pods/attach'], verbs: ['create', 'get'] },
    ],
  },
  {
    apiVersion: `${GROUP}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'entering', namespace: 'shop' },
    roleRef: { apiGroup: GROUP, kind: 'Role', name: 'entering' },
    subjects: [
      { apiGroup: GROUP, kind: 'Group', name: 'shop' },
      { kind: 'ServiceAccount', name: 'robot', namespace: 'shop' },
    ],
  },
  webPod(),
];

/** The kubeconfig of the service account. */
async function robotConfig(): Promise<string> {
  const path = '/api/v1/namespaces/shop/serviceaccounts/robot/token';
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { stdout } = await cluster.run(['kubectl', 'create', '--raw', path, '-f', '-'], JSON.stringify(request));
  const config = JSON.parse((await cluster.kubectl('config', 'view', '--raw', '-o', 'json')) || '{}');
  config.users[0].user = { token: asText(at(JSON.parse(stdout), 'status', 'token')) };
  writeFileSync(place('robot.conf'), JSON.stringify(config));
  return place('robot.conf');
}

before(async () => {
  cluster = await Cluster.start();
  writeFileSync(place('policy.yaml'), auditPolicy());
  await cluster.restartApiServer([
    `--audit-policy-file=${place('policy.yaml')}`,
    `--audit-log-path=${place('audit.log')}`,
  ]);
  await cluster.addNamespace('shop');
  await cluster.apply(OBJECTS);
  await cluster.kubectl('wait', '-n', 'shop', '--for=condition=Ready', '--timeout=60s', 'pod/web');
  const folder = place('journal');
  const built = await startBuiltAgent([await moduleOf(RULES)], {
    source: 'bpf',
    other: auditLog(),
    kubernetesUsers: { wait: 5_000 },
    ruleMatching: 'all',
    journal: { folder, kinds: ['processes'], keep: 3_600_000, maxBytes: 1 << 30 },
    runtimes: { criSockets: [cluster.containerdSocket], dockerSocket: '', podmanSocket: '', runcRoots: [] },
    kubernetes: false,
    namesModules: false,
    onEnd: (error) => assert.fail(error),
  });
  try {
    // Until then a session may come from a request of before: no name is certain.
    await setTimeout(LONGEST_START_MS);
    await enterAll();
    const of = (name: string): readonly Alert[] => {
      const lines = built.jsonLines().map((line): { rule: string; output_fields: Alert } => JSON.parse(line));
      return lines.filter(({ rule }) => rule === name).map(({ output_fields }) => output_fields);
    };
    await eventually('alerts of all that was run', async () => {
      const written = of('Program in a pod');
      const marks = new Set(written.map((alert) => /by-\S+-\d+/.exec(alert['proc.cmdline'] ?? '')?.[0]));
      return marks.size > EXECS || undefined;
    });
    // Before the stop: it decides what still waits.
    assert.equal(built.agent.summary().alerts.undecidedForUser, 0);
    assert.equal((await built.agent.stop()).engine?.matchesDropped, 0);
    alerts = of('Program in a pod');
    ofPersons = of('Program of a person');
  } finally {
    await built[Symbol.asyncDispose]();
  }
  const activity = new ActivityLog({ mask: new SecretMask() });
  for (const file of findHistory([folder]).files) readFile(file, activity);
  recorded = activity.sessions;
  // The last line may be written by half.
  lines = readFileSync(place('audit.log'), 'utf8').split('\n').slice(0, -1);
});

/** What the API server writes, as the agent reads it. */
function auditLog(): AuditSource {
  const { configuration } = loadConfig({ environment: {} });
  return new AuditSource({
    settings: { ...configuration.sources.k8s_audit, file: place('audit.log') },
    hostname: 'node',
    isoTime: false,
    ruleMatching: 'first',
    namesModules: false,
    say: (_, message) => console.log(message),
  });
}

async function enterAll(): Promise<void> {
  const robot = await robotConfig();
  const configOf = (user: User): string => (user === ROBOT ? robot : join(cluster.state, `certificates/${user}.conf`));
  const execs = Array.from({ length: EXECS }, (_, index) => index);
  const next = execs.values();
  const runAll = async (): Promise<void> => {
    for (const index of next) {
      const user = USERS[index % USERS.length] ?? 'alice';
      // The session itself shows whose it is: by the argument of a command.
      const marked = `cat /by-${user}-${index}; true`;
      const words = ['kubectl', '--kubeconfig', configOf(user), 'exec', '-n', 'shop', '-i', 'web', '--', 'sh'];
      // With the same command for all, what is run comes by standard input.
      await (index % 4 < 2 ? cluster.run(words, marked) : cluster.run([...words, '-c', marked]));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, runAll));
  // It is not over by itself.
  const attach = ['timeout', '3', 'kubectl', '--kubeconfig', configOf('alice'), 'attach', '-n', 'shop', 'web'];
  await cluster.run(attach).catch(() => {});
}

after(async () => {
  await cluster?.restartApiServer([]);
  await cluster?.stop();
  directory.remove();
});

/** The sessions by exec in the pod, and the requests without one. */
function joined(log: readonly string[]): {
  readonly sessions: readonly Session[];
  readonly others: readonly PodRequest[];
} {
  writeFileSync(place('given.log'), log.join('\n'));
  const { requests, unreadable } = readRequests([place('given.log')]);
  assert.equal(unreadable, 0);
  for (const session of recorded) delete session.kubernetes;
  const others = nameKubernetesUsers(recorded, requests);
  const sessions = recorded.filter(({ kind, container }) => kind === 'exec' && container?.pod === 'web');
  return { sessions, others };
}

function truth(session: Session): string | undefined {
  const words = [...commandsOf(session)].flatMap(({ words }) => words).join(' ');
  return /by-(\S+)-\d+/.exec(words)?.[1];
}

function isOfSameCommand(session: Session): boolean {
  return session.commands[0]?.words.length === 1;
}

function assertNoWrongName(sessions: readonly Session[]): void {
  for (const { kubernetes, ...session } of sessions) {
    if (kubernetes?.match === 'exact') assert.equal(kubernetes.user.name, truth(session));
  }
}

test('each session has the name of its user, or of all who it may be', (t) => {
  const { sessions, others } = joined(lines);
  assert.equal(sessions.length, EXECS);
  assertNoWrongName(sessions);
  for (const session of sessions) {
    const { kubernetes } = session;
    assert.ok(kubernetes);
    if (kubernetes.match === 'exact') continue;
    assert.ok(isOfSameCommand(session), 'a command that nobody else ran');
    assert.ok(kubernetes.candidates.some(({ name }) => name === truth(session)));
  }
  t.diagnostic(`${sessions.filter(({ kubernetes }) => kubernetes?.match === 'exact').length} of ${EXECS} exact`);
  assert.deepEqual(
    others.map(({ entry, user, container }) => [entry, user.name, container]),
    [['attach', 'alice', 'main']],
  );
});

test('each alert names the user of its session, or all who it may be, and the session as the journal does', (t) => {
  const { sessions } = joined(lines);
  const counts: Record<string, number> = { exact: 0, ambiguous: 0, none: 0, wrong: 0 };
  for (const session of sessions) {
    const user = truth(session);
    assert.ok(user);
    const own = alerts.filter((alert) => alert['k8s.session.id'] === session.id);
    assert.ok(own.length > 0, `no alert of session ${session.id}`);
    for (const alert of own) {
      const name = alert['k8s.user.name'];
      const match = alert['k8s.session.match'] ?? 'none';
      if (match === 'exact' && name !== user) counts.wrong = (counts.wrong ?? 0) + 1;
      if (match === 'ambiguous') assert.ok(alert['k8s.session.candidates']?.includes(user));
      assert.equal(name === null, match !== 'exact');
    }
    // All of a session were sent when it was settled.
    const last = own.at(-1)?.['k8s.session.match'] ?? 'none';
    counts[last] = (counts[last] ?? 0) + 1;
  }
  t.diagnostic(`sessions by their last alert: ${JSON.stringify(counts)}`);
  assert.equal(counts.wrong, 0);
  assert.equal(counts.none, 0);
  const marked = alerts.filter((alert) => /^sh -c /.test(alert['proc.cmdline']));
  assert.equal(marked.length, sessions.filter((session) => !isOfSameCommand(session)).length);
  for (const alert of marked) {
    const [, user = ''] = /by-(\S+)-\d+/.exec(alert['proc.cmdline']) ?? [];
    assert.equal(alert['k8s.user.name'], user);
    assert.ok(alert['k8s.user.groups']?.includes('system:authenticated'));
    assert.match(alert['k8s.session.agent'] ?? '', /^kubectl\//);
    assert.match(alert['k8s.session.source'] ?? '', /^[0-9a-f.:]+$/);
  }
});

test('a condition on the user holds of the same sessions as alerts name', () => {
  const shown = (all: readonly Alert[]) => all.map((alert) => OF_PERSON.map((name) => alert[name]).join(' ')).sort();
  const expected = alerts.filter((alert) => ['alice', 'bob'].includes(alert['k8s.user.name'] ?? ''));
  assert.ok(expected.length > 0);
  assert.deepEqual(shown(ofPersons), shown(expected));
});

test('an event that comes twice, or in another order, changes nothing', () => {
  const names = (log: readonly string[]) => joined(log).sessions.map(({ kubernetes }) => kubernetes);
  const matches = names(lines).map((one) => one?.match);
  assert.deepEqual(
    names([...lines.toReversed(), ...lines]).map((one) => one?.match),
    matches,
  );
});

test('no wrong name where the events of any user, or of any request, are lost', () => {
  for (const user of USERS) {
    const { sessions } = joined(lines.filter((line) => !line.includes(`"username":"${user}"`)));
    assertNoWrongName(sessions);
    assert.ok(sessions.every(({ kubernetes, ...session }) => truth(session) !== user || kubernetes?.match !== 'exact'));
  }
  // Each exec has one or two: kubectl may ask by WebSocket first.
  const ids = new Set(
    lines.flatMap((line) => (line.includes('/exec?') ? [asText(at(JSON.parse(line), 'auditID'))] : [])),
  );
  assert.ok(ids.size >= EXECS);
  for (const id of [...ids].slice(0, 30)) {
    assertNoWrongName(joined(lines.filter((line) => !line.includes(`"${id}"`))).sessions);
  }
});

test('sessions without an audit log have no name', () => {
  const { sessions } = joined([]);
  assert.equal(sessions.length, EXECS);
  assert.ok(sessions.every(({ kubernetes }) => kubernetes === undefined));
});
