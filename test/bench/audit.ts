// How many audit events Falco's rules are evaluated on in a second of one core: from the bytes of JSON to the values of alerts, and as a receiver does
// it, with batches on a thread of its own.

import { AuditEvaluation } from '../../host/audit/live/evaluation.ts';
import { auditBatch, auditEvaluation, auditModule, stockAuditRules } from '../support/audit/audit-rules.ts';
import { missingFalco } from '../support/falco-data.ts';
import { BenchError, type Benchmark } from './figure.ts';

const SECOND = 1_000;
/** As `wasprey audit-config` has it. */
const BATCH = 100;
const ID = '"auditID":"';
const DIGITS = 36;

export const AUDIT: Benchmark = {
  name: 'audit',
  summary: "evaluating Falco's rules on audit events of 2 KB",
  missing: () => missingFalco('k8s_audit_rules.yaml'),
  async run({ quick, progress }) {
    const rounds = quick ? 3 : 8;
    const events = Array.from({ length: BATCH }, (_, index) => auditEvent(index));
    const note = `${events[0]?.length} bytes an event, one in eight creates a pod; of the process's CPU time`;
    const figure = { unit: 'k/s', better: 'more', aim: 20, note } as const;
    progress('evaluated');
    const evaluated = await evaluationRates(events, rounds);
    progress('received');
    const received = await receivedRates(events, rounds);
    // The first round is for V8's optimizer.
    return [
      { what: 'audit events evaluated', samples: evaluated.slice(1), ...figure },
      { what: 'audit events received', samples: received.slice(1), ...figure },
    ];
  },
};

/** Thousands in a second of CPU time: a machine that does other work as well gives the same. */
async function rates(rounds: number, work: () => number | Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    let count = 0;
    while (performance.now() - began < SECOND) count += await work();
    const { user, system } = process.cpuUsage(used);
    samples.push(count / ((user + system) / SECOND));
  }
  return samples;
}

async function evaluationRates(events: readonly string[], rounds: number): Promise<number[]> {
  const evaluate = await auditEvaluation(stockAuditRules(), ['ka.user.name', 'ka.target.name'], 'first');
  const bytes = events.map((event) => Buffer.from(event));
  return rates(rounds, () => {
    for (const event of bytes) evaluate(event);
    return bytes.length;
  });
}

async function receivedRates(events: readonly string[], rounds: number): Promise<number[]> {
  const options = { hostname: 'bench', isoTime: false, ruleMatching: 'first', namesModules: true } as const;
  const onTrouble = (message: string): never => {
    throw new BenchError(message);
  };
  const evaluation = new AuditEvaluation({ ...options, onTrouble }, { write: () => {} });
  await evaluation.start({ modules: [await auditModule(stockAuditRules())] });
  const batch = Buffer.from(auditBatch(...events));
  const places: number[] = [];
  for (let at = batch.indexOf(ID); at >= 0; at = batch.indexOf(ID, at + 1)) places.push(at + ID.length);
  let number = 0;
  try {
    return await rates(rounds, async () => {
      // Each is another one: what came before is not evaluated.
      for (const place of places) batch.write(String(++number).padStart(DIGITS, '0'), place);
      const { evaluated } = await evaluation.evaluate({ form: 'value', bytes: new Uint8Array(batch) });
      return evaluated;
    });
  } finally {
    await evaluation.stop();
  }
}

/** An event such as an API server writes: mostly reads and updates of controllers, some with a pod in them. */
function auditEvent(index: number): string {
  const isPod = index % 8 === 0;
  const labels = Object.fromEntries(
    Array.from({ length: 12 }, (_, n) => [`example.com/label-${n}`, `value-${index}-${n}`]),
  );
  const metadata = { name: `object-${index}`, namespace: 'shop', labels };
  const container = (n: number) => ({
    name: `container-${n}`,
    image: `registry.example.com/team/image-${n}:1.${index}`,
    command: ['/bin/server', '--port=8080'],
    ports: [{ containerPort: 8080 }],
    securityContext: { privileged: false, runAsUser: 1000 },
  });
  const object = isPod
    ? {
        kind: 'Pod',
        metadata,
        spec: { containers: [container(0), container(1)], volumes: [{ name: 'v', emptyDir: {} }] },
      }
    : { kind: 'Lease', metadata, spec: { holderIdentity: `node-${index}`, renewTime: '2026-03-04T09:15:30.101000Z' } };
  const event = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: `5d1f6a0e-0d57-4a5e-9f0a-${String(index).padStart(12, '0')}`,
    stage: 'ResponseComplete',
    requestURI: `/apis/coordination.k8s.io/v1/namespaces/shop/leases/object-${index}?timeout=10s`,
    verb: isPod ? 'create' : 'update',
    user: { username: `system:node:node-${index}`, groups: ['system:nodes', 'system:authenticated'] },
    sourceIPs: ['203.0.113.7'],
    userAgent: 'kubelet/v1.34.1 (linux/amd64) kubernetes/93248f9',
    objectRef: { resource: isPod ? 'pods' : 'leases', namespace: 'shop', name: `object-${index}`, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: isPod ? 201 : 200 },
    requestObject: object,
    responseObject: { kind: object.kind, metadata },
    requestReceivedTimestamp: '2026-03-04T09:15:30.101000Z',
    stageTimestamp: '2026-03-04T09:15:30.148250Z',
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
  };
  return JSON.stringify(event);
}
