// From an audit event to what is done about it: the thread that evaluates, the real responder, and a server that answers as an API server does.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { loadConfig } from '../../../host/config/load.ts';
import { actorsOf } from '../../../host/daemon/actors.ts';
import { AuditSource } from '../../../host/daemon/audit/audit-source.ts';
import { readResponseLog } from '../../../host/journal/response-log.ts';
import { LocalResponder } from '../../../host/responses/performing/local-responder.ts';
import { Pods } from '../../../host/responses/pods/pods.ts';
import { RequestedPods } from '../../../host/responses/pods/requested-pods.ts';
import type { Response, ResponseSettings } from '../../../host/responses/settings.ts';
import { auditEvent, auditModule, auditRule } from '../../support/audit/audit-rules.ts';
import {
  type BuiltAgent,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { responseOf, responseSet } from '../../support/responses/response-sets.ts';
import { ApiServer, reply } from '../../support/servers/api-server.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-audit-responses-'));
after(() => rmSync(folder, { recursive: true }));
let scenes = 0;

const TIMES = {
  requestReceivedTimestamp: '2026-11-28T10:00:05.300000Z',
  stageTimestamp: '2026-11-28T10:00:05.400000Z',
};

/** `kubectl exec`, as an API server writes it. */
function execEvent(id: string, name = 'web-1', more: Readonly<Record<string, unknown>> = {}): string {
  return auditEvent(id, {
    ...{ stage: 'ResponseStarted', requestURI: `/api/v1/namespaces/shop/pods/${name}/exec?command=sh` },
    objectRef: { resource: 'pods', subresource: 'exec', namespace: 'shop', name, apiVersion: 'v1' },
    responseStatus: { code: 101 },
    ...TIMES,
    ...more,
  });
}

function createEvent(id: string, name: string): string {
  return auditEvent(id, {
    requestURI: '/api/v1/namespaces/shop/pods',
    objectRef: { resource: 'pods', namespace: 'shop', apiVersion: 'v1' },
    requestObject: { kind: 'Pod', metadata: { generateName: 'web-' } },
    responseStatus: { code: 201 },
    responseObject: { kind: 'Pod', metadata: { name, namespace: 'shop', uid: `uid of ${name}` } },
    ...TIMES,
  });
}

interface Pod {
  labels: Record<string, string | null>;
  created: string;
}

/** An agent that follows an audit log, and pods on an API server. */
class Scene implements AsyncDisposable {
  readonly pods = new Map<string, Pod>();
  readonly asked: string[] = [];
  isDenying = false;
  readonly log: string;
  readonly journal: string;
  readonly responder: LocalResponder;
  readonly other: AuditSource;
  readonly requestedPods: RequestedPods;
  readonly #server: ApiServer;

  private constructor(server: ApiServer) {
    const own = join(folder, `${scenes++}`);
    this.#server = server;
    this.log = `${own}.log`;
    this.journal = `${own}.journal`;
    writeFileSync(this.log, '');
    const config = `${own}.yaml`;
    writeFileSync(config, `sources: {k8s_audit: {file: ${this.log}}}\n`);
    const { configuration } = loadConfig({ path: config, environment: {} });
    const place = { node: 'n', kubeconfig: server.kubeconfig };
    const agent = { pid: 1, container: '', podUid: 'uid of own' };
    this.responder = new LocalResponder({
      folder: `${own}.responses`,
      own: agent,
      actors: async (never) => actorsOf(agent, never, () => undefined, { runtimes: {}, kubernetes: place }),
      onFailure: (message) => assert.fail(message),
      onNote: () => {},
    });
    this.requestedPods = new RequestedPods(new Pods(place));
    this.other = new AuditSource({
      settings: configuration.sources.k8s_audit,
      ...{ hostname: 'h', isoTime: false, ruleMatching: 'all', namesModules: false },
      say: () => {},
    });
    server.intercept = (url, response, request) => {
      void text(request).then((body) => {
        const name = url.pathname.replace('/api/v1/namespaces/shop/pods/', '');
        this.asked.push(`${request.method} ${name}`);
        if (this.isDenying) return reply(response, 403, { kind: 'Status', message: 'pods is forbidden' });
        const pod = this.pods.get(name);
        if (!pod) return reply(response, 404);
        if (request.method === 'DELETE') this.pods.delete(name);
        const sent = body === '' ? {} : JSON.parse(body);
        for (const [label, value] of Object.entries<string | null>(sent.metadata?.labels ?? {})) {
          if (value === null) delete pod.labels[label];
          else pod.labels[label] = value;
        }
        const metadata = { name, uid: `uid of ${name}`, labels: pod.labels, creationTimestamp: pod.created };
        return reply(response, 200, { metadata });
      });
      return true;
    };
  }

  static async start(): Promise<Scene> {
    return new Scene(await ApiServer.start());
  }

  add(name: string, labels: Record<string, string> = {}, created = '2026-11-28T09:00:00Z'): Pod {
    const pod = { labels, created };
    this.pods.set(name, pod);
    return pod;
  }

  write(...events: readonly string[]): void {
    appendFileSync(this.log, events.map((event) => `${event}\n`).join(''));
  }

  async agent(rules: string, responses: readonly Response[], given: Partial<ResponseSettings> = {}, calls?: string) {
    const modules = [...(calls === undefined ? [] : [await moduleOf(calls)]), await auditModule(rules)];
    const built = await startBuiltAgent(modules, {
      ...{ other: this.other, responder: this.responder, requestedPods: this.requestedPods, namesModules: false },
      responses: await responseSet(responses, { hosts: false, ...given }),
      journal: { folder: this.journal, kinds: [], keep: 1e6, maxBytes: 1e9 },
    });
    await this.responder.start();
    return built;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/**
 * What came of the responses to the first alerts of rules, in their order, without times. What took longer than its alert waits, on a busy machine,
 * is told by an alert of its own.
 */
async function outcomes({ jsonLines }: BuiltAgent, count: number): Promise<(string | undefined)[]> {
  return until(() => {
    const alerts = jsonLines().map((line) => JSON.parse(line));
    const ofRules = alerts.filter(({ source }) => source !== 'internal').slice(0, count);
    if (ofRules.length < count) return undefined;
    const late = alerts.flatMap(({ output }) => /response ended: ((.*?): .*)$/.exec(output) ?? []);
    const told = ofRules.map((alert): string | undefined =>
      alert.output_fields['wasprey.response']?.replaceAll(/([^:;]+): under way/g, (text: string, name: string) => {
        const at = late.indexOf(name.trim());
        return at < 0 ? text : (late.splice(at - 2, 3)[1] ?? text);
      }),
    );
    if (told.some((text) => text?.includes('under way'))) return undefined;
    return told.map((text) => text?.replaceAll(/ \([\d.]+ ms\)/g, ''));
  });
}

const RULES = auditRule('ka.target.subresource = exec', 'Exec') + auditRule('ka.target.name = nobody', 'Never');
const LABEL = responseOf({
  name: 'quarantine',
  match: { rules: ['Exec'] },
  action: 'label_pod',
  labels: new Map([['quarantine', 'true']]),
});

test('the pod that is entered is labelled, and its labels come back', async () => {
  await using scene = await Scene.start();
  const pod = scene.add('web-1', { app: 'web' });
  await using built = await scene.agent(RULES, [LABEL]);
  scene.write(execEvent('1'));
  assert.deepEqual(await outcomes(built, 1), ['quarantine: labelled pod shop/web-1: quarantine=true']);
  assert.deepEqual(pod.labels, { app: 'web', quarantine: 'true' });
  // What is read to find the pod is not shown.
  const fields = JSON.parse(built.jsonLines()[0] ?? '').output_fields;
  assert.deepEqual(
    Object.keys(fields).filter((key) => key.startsWith('jevt')),
    [],
  );
  // Once more: it is in force.
  scene.write(execEvent('2'));
  assert.match(String((await outcomes(built, 2))[1]), /^quarantine: not done, already: it is in force/);
  const [entry] = await scene.responder.list();
  assert.deepEqual([entry?.pod, entry?.container], ['shop/web-1', '']);
  await scene.responder.undo(entry?.id ?? '');
  assert.deepEqual(pod.labels, { app: 'web' });
  const { responses } = built.agent.summary();
  assert.deepEqual(
    responses?.outcomes.map(({ outcome, count }) => [outcome, count]),
    [
      ['done', 1],
      ['already', 1],
    ],
  );
  await built.agent.stop();
  const [record] = await readResponseLog(scene.journal);
  const { time, text: _, ...rest } = record ?? assert.fail();
  assert.equal(typeof time, 'number');
  assert.deepEqual(rest, {
    ...{ rule: 'Exec', response: 'quarantine', action: 'label_pod', outcome: 'done', pod: 'shop/web-1' },
  });
});

test('a pod that was created is deleted, by the name that it was given', async () => {
  await using scene = await Scene.start();
  scene.add('web-x7k2p', {}, '2026-11-28T10:00:05Z');
  const remove = responseOf({ name: 'remove', match: { rules: ['Created'] }, action: 'delete_pod' });
  await using built = await scene.agent(auditRule('ka.verb = create', 'Created'), [remove]);
  scene.write(createEvent('1', 'web-x7k2p'));
  assert.deepEqual(await outcomes(built, 1), ['remove: deleted pod shop/web-x7k2p']);
  assert.deepEqual([...scene.pods.keys()], []);
});

test('what is refused, protected, over a limit, or another pod by now is left alone', async () => {
  await using scene = await Scene.start();
  for (const name of ['a', 'b', 'c', 'd', 'own']) scene.add(name);
  scene.add('e', { 'wasprey.io/responses': 'off' });
  scene.add('/api/v1/namespaces/kube-system/pods/dns');
  scene.add('new', {}, '2026-11-28T10:00:09Z');
  const never = { namespaces: ['kube-system'], labels: new Map([['wasprey.io/responses', 'off']]), executables: [] };
  const limits = { perNode: { count: 2, milliseconds: 600_000 } };
  await using built = await scene.agent(RULES, [LABEL], { never, ...limits });
  const system = { objectRef: { resource: 'pods', subresource: 'exec', namespace: 'kube-system', name: 'dns' } };
  const events = [
    execEvent('1', 'a', { responseStatus: { code: 403 } }),
    execEvent('2', 'e'),
    execEvent('3', 'own'),
    execEvent('4', 'new'),
    execEvent('5', 'absent'),
    execEvent('6', 'a', { responseStatus: { code: 500 } }),
    execEvent('7', 'a', {
      responseStatus: { code: 500 },
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    }),
    execEvent('8', 'b'),
    execEvent('9', 'c'),
    execEvent('10', 'dns', system),
  ];
  // One after the other, for their order.
  for (const [index, event] of events.entries()) {
    scene.write(event);
    await outcomes(built, index + 1);
  }
  assert.deepEqual(await outcomes(built, events.length), [
    'quarantine: not done, no-target: the request was refused (403)',
    'quarantine: not done, protected: the label wasprey.io/responses: off is excluded by responses.never',
    "quarantine: not done, protected: it is the agent's own pod",
    'quarantine: not done, gone: the pod is gone, and another one has its name',
    'quarantine: not done, gone: the pod is gone',
    'quarantine: not done, no-target: the request was refused (500)',
    'quarantine: labelled pod shop/a: quarantine=true',
    'quarantine: labelled pod shop/b: quarantine=true',
    'quarantine: not done, limit: 2 actions in 10 min on the node',
    'quarantine: not done, protected: the namespace kube-system is excluded by responses.never',
  ]);
  assert.deepEqual(
    scene.asked.filter((each) => !each.startsWith('GET')),
    ['PATCH a', 'PATCH b'],
  );
});

test('the limit for a container counts for each pod', async () => {
  await using scene = await Scene.start();
  for (const name of ['a', 'b']) scene.add(name);
  const other = { ...LABEL, name: 'mark', labels: new Map([['mark', 'x']]) };
  const perContainer = { count: 1, milliseconds: 60_000 };
  await using built = await scene.agent(RULES, [LABEL, other], { perContainer });
  scene.write(execEvent('1', 'a'), execEvent('2', 'b'));
  const done = (pod: string) =>
    `quarantine: labelled pod shop/${pod}: quarantine=true; mark: not done, limit: 1 action in 1 min on the pod`;
  assert.deepEqual((await outcomes(built, 2)).sort(), [done('a'), done('b')]);
});

test('in mode observe nothing is done, and the alert says what would be', async () => {
  await using scene = await Scene.start();
  const pod = scene.add('web-1');
  await using built = await scene.agent(RULES, [LABEL], { mode: 'observe' });
  scene.write(execEvent('1'));
  assert.deepEqual(await outcomes(built, 1), ['quarantine: observe: would label pod shop/web-1: quarantine=true']);
  assert.deepEqual(pod.labels, {});
});

test('an `unless` on audit events excepts, and one on system calls is for these alone', async () => {
  await using scene = await Scene.start();
  scene.add('web-1');
  const all = { match: { rules: ['*'] }, action: 'label_pod', labels: new Map([['a', 'b']]) } as const;
  const responses = [
    responseOf({ ...all, name: 'calls', unless: 'proc.name = nothing' }),
    responseOf({ ...all, name: 'requests', unless: 'ka.user.name = alice or ka.user.name startswith system:' }),
    responseOf({ name: 'freeze', match: { rules: ['*'] } }),
  ];
  const shadow = `
- rule: Shadow
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: o
  priority: WARNING
`;
  await using built = await scene.agent(RULES, responses, {}, shadow);
  scene.write(execEvent('1'));
  await outcomes(built, 1);
  scene.write(execEvent('2', 'web-1', { user: { username: 'mallory' } }));
  await outcomes(built, 2);
  inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
  const shown = await outcomes(built, 3);
  assert.deepEqual(shown.slice(0, 2), [
    'requests: not done, excepted: `unless` holds',
    'requests: labelled pod shop/web-1: a=b',
  ]);
  assert.match(String(shown[2]), /^calls: not done, \S+ .*; freeze: not done, no-target: .*$/);
});

test('an API server that refuses is a failure with its reason, in the alert and as one of its own', async () => {
  await using scene = await Scene.start();
  await using built = await scene.agent(RULES, [LABEL]);
  scene.isDenying = true;
  scene.write(execEvent('1'));
  const [told] = await outcomes(built, 1);
  assert.match(told ?? '', /^quarantine: failed: label_pod: .*pods is forbidden/);
  const failure = /Critical Wasprey internal: response failure: quarantine: failed: label_pod: .*pods is forbidden/;
  await until(() => built.lines().some((line) => failure.test(line)));
});

test('responses are replaced with the rules', async () => {
  await using scene = await Scene.start();
  const pod = scene.add('web-1');
  await using built = await scene.agent(RULES, []);
  scene.write(execEvent('1'));
  await built.waitForLines(1);
  const next = { ...LABEL, unless: 'ka.user.name = root' };
  const set = await responseSet([next], { hosts: false });
  await built.agent.replaceRules([await auditModule(RULES)], {}, set);
  scene.write(execEvent('2'));
  assert.deepEqual(await outcomes(built, 2), [undefined, 'quarantine: labelled pod shop/web-1: quarantine=true']);
  await until(() => pod.labels.quarantine === 'true');
});
