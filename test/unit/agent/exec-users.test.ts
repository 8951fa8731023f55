// Alerts name the Kubernetes user of the exec session that their process descends from: by forks, programs, and out of the container.

import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { OtherSource } from '../../../host/agent/other-source.ts';
import type { PodRequestSource, PodRequestStreamSink } from '../../../host/agent/pod-request-source.ts';
import type { RuleModule } from '../../../host/agent/rule-module.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { loadConfig } from '../../../host/config/load.ts';
import { AuditSource } from '../../../host/daemon/audit/audit-source.ts';
import { FIELDS } from '../../../host/schema/fields/index.ts';
import { IMAGE_KIND, ROOT_PID_NAMESPACE } from '../../../host/schema/image.ts';
import { type PodRequestFacts, podRequestFacts } from '../../../host/sessions/pod-request-facts.ts';
import { rootProcess, sessionId } from '../../../host/sessions/session-id.ts';
import {
  type BuiltAgent,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/built-agent.ts';
import { directoryForTests } from '../../support/directory.ts';
import { type DockerEngine, startDockerEngine } from '../../support/docker-engine.ts';
import { execEvents } from '../../support/exec-events.ts';
import { until } from '../../support/until.ts';

const WAIT = 1_000;
const NAMES = FIELDS.filter(({ source }) => source.from === 'session').map(({ name }) => name);
const RULES = `
- rule: Shadow
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: read by %proc.pid ${NAMES.map((name) => `%${name}`).join(' ')}
  priority: WARNING
`;

const WEB = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const PLAIN = 'c'.repeat(64);
const NAMESPACES: Readonly<Record<string, number>> = { [WEB]: 0xf000_0001, [OTHER]: 0xf000_0002, [PLAIN]: 0xf000_0003 };

function podLabels(pod: string) {
  return { 'io.kubernetes.pod.name': pod, 'io.kubernetes.pod.namespace': 'shop' };
}

const ANSWERS: Readonly<Record<string, object>> = {
  [`/containers/${WEB}/json`]: { Name: '/web', Config: { Image: 'web', Labels: podLabels('web-0') } },
  [`/containers/${OTHER}/json`]: { Name: '/web', Config: { Image: 'web', Labels: podLabels('web-1') } },
  [`/containers/${PLAIN}/json`]: { Name: '/plain', Config: { Image: 'plain' } },
};

const directory = directoryForTests();
let module: RuleModule;
before(async () => {
  module = await moduleOf(RULES);
});

type Members = Parameters<typeof processImage>[1];

/** A process, by its latest image. */
interface Proc {
  readonly image: number;
  readonly pid: number;
  readonly start: bigint;
  /** Image of what forked it. */
  readonly parent: number;
  readonly place: Members;
}

interface NodeOptions {
  readonly wait?: number;
  readonly isOn?: boolean;
  readonly other?: OtherSource;
  /** Of the runtime. */
  readonly answers?: typeof ANSWERS;
}

/** A receiver that has all requests at all times. */
class AllRequests implements PodRequestSource {
  readonly coverage = { spans: [{ from: 0n, to: 1n << 62n }], withheld: [] };
  readonly summary = { url: 'https://receiver.test', streams: 1, requests: 0, withheld: 0, gaps: 0 };
  #sink: PodRequestStreamSink | undefined;

  start(sink: PodRequestStreamSink): void {
    this.#sink = sink;
  }

  take(event: PodRequestFacts): void {
    this.#sink?.take(event);
  }

  async stop(): Promise<void> {}
}

/** A node with an agent on it, and what is done there. */
class Node implements AsyncDisposable {
  readonly #docker: DockerEngine;
  readonly #requests: AllRequests;
  readonly #built: BuiltAgent;
  #images = 0;
  #events = 0;

  static async start({ wait = WAIT, isOn = true, other, answers = ANSWERS }: NodeOptions = {}): Promise<Node> {
    const docker = await startDockerEngine(answers);
    const runtimes = { dockerSocket: docker.socket, podmanSocket: '/nonexistent', runcRoots: [] };
    const podRequests = new AllRequests();
    const options = { runtimes, podRequests, ...(isOn && { kubernetesUsers: { wait } }), ...(other && { other }) };
    return new Node(docker, podRequests, await startBuiltAgent([module], options));
  }

  constructor(docker: DockerEngine, requests: AllRequests, built: BuiltAgent) {
    this.#docker = docker;
    this.#requests = requests;
    this.#built = built;
  }

  get agent() {
    return this.#built.agent;
  }

  /** A process that another one forks, or one whose parent is not known. */
  fork(parent: Proc | undefined, more: Members = {}): Proc {
    const image = ++this.#images;
    const proc: Proc = {
      image,
      pid: Number(more.pid ?? 1000 + image),
      start: now() + BigInt(image),
      parent: parent?.image ?? 0,
      place: { vpid: 20, ...parent?.place, ...more },
    };
    this.#put(proc, IMAGE_KIND.FORK, proc.place);
    return proc;
  }

  /** It runs another program. */
  run(proc: Proc, argv: string, more: Members = {}): Proc {
    const image = ++this.#images;
    const next = { ...proc, image, place: { ...proc.place, executable: `/bin/${argv.split('\0')[0]}`, argv, ...more } };
    this.#put(next, IMAGE_KIND.EXEC, { previous: proc.image, ...next.place });
    return next;
  }

  #put({ image, pid, start, parent }: Proc, kind: number, members: Members): void {
    // Each record measures anew what the kernel's clocks are apart.
    const start_time = start + BigInt(image * 1_000);
    this.agent.inject([processImage(image, { kind, parent, start_time, ...members, pid })], []);
  }

  /** As runc does it. @param from what has started runc */
  exec(container: string, argv: string, from?: Proc): Proc {
    const cgroup = `/docker/${container}`;
    const runc = { executable: 'memfd:runc_cloned:/proc/self/exe', argv: 'runc\0init\0' };
    const stage = this.fork(from, { ...runc, cgroup, pid_namespace: ROOT_PID_NAMESPACE });
    const child = this.fork(stage, { pid_namespace: NAMESPACES[container] ?? 0 });
    return this.run(child, argv);
  }

  request(user: string, words: readonly string[], pod = 'web-0'): void {
    const made = { id: `event-${this.#events++}`, user, words, pod, container: 'web', received: Date.now() };
    for (const event of execEvents(made)) this.#requests.take(podRequestFacts(event) ?? assert.fail());
  }

  read({ image }: Proc): void {
    this.agent.inject([], [shadowRead(image)]);
  }

  /** Of each process the fields of its alert, when there are so many. */
  async alerts(...of: readonly Proc[]): Promise<readonly Fields[]> {
    await this.#built.waitForLines(of.length);
    const all: Fields[] = this.#built.jsonLines().map((line) => JSON.parse(line).output_fields);
    return of.map(({ pid }) => all.find((fields) => fields['proc.pid'] === pid) ?? assert.fail());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#built[Symbol.asyncDispose]();
    await this.#docker[Symbol.asyncDispose]();
  }
}

type Fields = Readonly<Record<string, unknown>>;

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** `exact alice`, of an alert. */
function said(fields: Fields): string {
  const names = fields['k8s.user.name'] ?? fields['k8s.session.candidates'];
  return [fields['k8s.session.match'], names].flat().filter(Boolean).join(' ');
}

test('an alert of an exec session has all that is known of who began it, once that is settled', async () => {
  await using node = await Node.start();
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  // The audit event comes after it.
  node.request('alice', ['sh']);
  const [fields] = await node.alerts(shell);
  assert.ok(fields);
  assert.ok(BigInt(Date.now()) * 1_000_000n - shell.start >= BigInt(WAIT) * 1_000_000n);
  assert.deepEqual(Object.fromEntries(NAMES.map((name) => [name, fields[name]])), {
    'k8s.user.name': 'alice',
    'k8s.user.uid': null,
    'k8s.user.groups': ['system:authenticated'],
    'k8s.user.impersonated': null,
    'k8s.session.id': sessionId(hostname(), rootProcess(shell.pid, shell.start)),
    'k8s.session.match': 'exact',
    'k8s.session.candidates': null,
    'k8s.session.source': '203.0.113.9',
    'k8s.session.agent': 'kubectl/v1.20.0',
  });
  assert.equal(node.agent.summary().alerts.heldForUser, 1);
});

test('what descends from a session has its user: by forks, programs, orphans, and out of the container', async () => {
  await using node = await Node.start();
  const shell = node.exec(WEB, 'sh\0');
  node.request('alice', ['sh']);
  const child = node.fork(node.run(shell, 'bash\0'));
  // setsid, a double fork, and a parent that is gone.
  const orphan = node.fork(node.fork(child), { sid: 77 });
  const daemon = node.run(orphan, 'runc\0init\0', { executable: '/usr/bin/runc' });
  const grandchild = node.run(node.fork(daemon), 'cat\0');
  // nsenter into the host, whose cgroup it may take as well.
  const escaped = node.run(node.fork(child, { pid_namespace: ROOT_PID_NAMESPACE }), 'nsenter\0');
  const onHost = node.run(node.fork(escaped, { cgroup: '/' }), 'sh\0');
  const all = [shell, child, orphan, daemon, grandchild, escaped, onHost];
  for (const proc of all) node.read(proc);
  assert.deepEqual(
    (await node.alerts(...all)).map(said),
    all.map(() => 'exact alice'),
  );
});

test("a container's own program, a container without a pod and the host have no session", async () => {
  await using node = await Node.start();
  node.request('alice', ['serve']);
  const shim = node.fork(undefined, { pid_namespace: ROOT_PID_NAMESPACE });
  const own = node.run(
    node.fork(shim, { cgroup: `/docker/${WEB}`, pid_namespace: NAMESPACES[WEB] ?? 0, vpid: 1 }),
    'serve\0',
  );
  const worker = node.fork(own, { vpid: 7 });
  const docker = node.exec(PLAIN, 'sh\0');
  for (const proc of [shim, own, worker, docker]) node.read(proc);
  const alerts = await node.alerts(shim, own, worker, docker);
  assert.deepEqual(alerts.map(said), ['', '', '', '']);
  assert.ok(alerts.every((fields) => fields['k8s.session.id'] === null));
});

test('two who ask for the same at the same time are both named, and none is if nothing is known', async () => {
  await using node = await Node.start();
  node.request('alice', ['sh']);
  node.request('bob', ['sh']);
  node.request('bob', ['id']);
  const [one, other, third] = [node.exec(WEB, 'sh\0'), node.exec(WEB, 'sh\0'), node.exec(WEB, 'id\0')];
  const unknown = node.exec(WEB, 'ls\0');
  const elsewhere = node.exec(OTHER, 'sh\0');
  const all = [one, other, third, unknown, elsewhere];
  for (const proc of all) node.read(proc);
  assert.deepEqual((await node.alerts(...all)).map(said), [
    'ambiguous alice bob',
    'ambiguous alice bob',
    'exact bob',
    'none',
    'none',
  ]);
});

test('a session that nobody is known to have begun counts, although no alert is of it', async () => {
  await using node = await Node.start();
  node.request('alice', ['sh']);
  const [one] = [node.exec(WEB, 'sh\0'), node.exec(WEB, 'sh\0')];
  node.read(one);
  assert.deepEqual((await node.alerts(one)).map(said), ['ambiguous alice']);
});

test('a session within a session, by a runtime that was started there, may be of its user', async () => {
  await using node = await Node.start();
  node.request('alice', ['sh']);
  const shell = node.exec(WEB, 'sh\0');
  const inner = node.exec(OTHER, 'id\0', node.run(node.fork(shell), 'runc\0exec\0'));
  node.read(inner);
  assert.deepEqual((await node.alerts(inner)).map(said), ['ambiguous alice']);
});

test('a pid that is used again is another session', async () => {
  await using node = await Node.start();
  node.request('alice', ['sh']);
  const first = node.exec(WEB, 'sh\0');
  node.request('bob', ['id']);
  const again = node.fork(
    node.fork(undefined, {
      cgroup: `/docker/${WEB}`,
      pid_namespace: ROOT_PID_NAMESPACE,
      executable: 'memfd:runc',
      argv: 'runc\0init\0',
    }),
    {
      pid: first.pid,
      pid_namespace: NAMESPACES[WEB] ?? 0,
    },
  );
  const second = node.run(again, 'id\0');
  node.read(second);
  assert.deepEqual((await node.alerts(second)).map(said), ['exact bob']);
});

test('alerts that wait at the stop are sent, without a name that is not settled', async () => {
  await using node = await Node.start({ wait: 600_000 });
  node.request('alice', ['sh']);
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  await until(() => node.agent.summary().alerts.heldForUser === 1);
  await node.agent.stop();
  assert.deepEqual((await node.alerts(shell)).map(said), ['ambiguous alice']);
});

test('what began before the agent received audit events itself may be of somebody whose request it has not', async () => {
  const { configuration } = loadConfig({ environment: {} });
  const other = new AuditSource({
    settings: { ...configuration.sources.k8s_audit, file: join(directory, 'audit.log') },
    ...{ hostname: 'node', isoTime: false, ruleMatching: 'first', namesModules: false, say: () => {} },
  });
  await using node = await Node.start({ other });
  node.request('alice', ['sh']);
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  assert.deepEqual((await node.alerts(shell)).map(said), ['ambiguous alice']);
});

test('a session whose container the runtime did not know at first has its name when it does', async () => {
  const { [`/containers/${WEB}/json`]: web = {}, ...others } = ANSWERS;
  const answers: Record<string, object> = { ...others };
  await using node = await Node.start({ answers });
  node.request('alice', ['sh']);
  const shell = node.exec(WEB, 'sh\0');
  await until(() => node.agent.summary().containers.unknown === 1);
  node.read(shell);
  assert.deepEqual((await node.alerts(shell)).map(said), ['']);
  answers[`/containers/${WEB}/json`] = web;
  await until(() => node.agent.summary().containers.known === 1);
  const child = node.fork(shell);
  node.read(child);
  const [, later] = await node.alerts(shell, child);
  assert.equal(said(later ?? {}), 'exact alice');
});

test('without a source of requests nothing waits, and the fields are absent', async () => {
  await using node = await Node.start({ isOn: false });
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  assert.deepEqual((await node.alerts(shell)).map(said), ['']);
  assert.equal(node.agent.summary().alerts.heldForUser, 0);
});

test('a condition on whose session it is is refused, with what to do', () => {
  for (const name of NAMES) {
    const text = RULES.replace('fd.name = /etc/shadow', `${name} exists`);
    const { rules, errors } = loadRules([{ name: 'rules.yaml', text }]);
    assert.equal(rules.length, 0);
    assert.match(errors.map(({ message }) => message).join(), new RegExp(`field ${name} can't be used in conditions`));
    assert.match(errors.map(({ help }) => help).join(), /print it in the output/);
  }
});
