// How many audit events a second Falco's rules are evaluated on, from the bytes of JSON to the values of alerts, on one core.

import { auditEvaluation, stockAuditRules } from '../support/audit-rules.ts';
import { missingFalco } from '../support/falco-data.ts';
import { BenchError, type Benchmark } from './figure.ts';

const SECOND = 1_000;

export const AUDIT: Benchmark = {
  name: 'audit',
  summary: "evaluating Falco's rules on audit events of 2 KB",
  async run({ quick, progress }) {
    const missing = missingFalco('k8s_audit_rules.yaml');
    if (missing !== false) throw new BenchError(missing);
    const evaluate = await auditEvaluation(stockAuditRules(), ['ka.user.name', 'ka.target.name'], 'first');
    const events = Array.from({ length: 64 }, (_, index) => Buffer.from(auditEvent(index)));
    const samples: number[] = [];
    for (let round = 0; round < (quick ? 3 : 8); round++) {
      progress(`round ${round + 1}`);
      const began = performance.now();
      let count = 0;
      while (performance.now() - began < SECOND)
        for (const event of events) count += evaluate(event).refused.length + 1;
      samples.push(count / (performance.now() - began));
    }
    // The first round is for V8's optimizer.
    return [
      {
        what: 'audit events evaluated',
        unit: 'k/s',
        samples: samples.slice(1),
        better: 'more',
        aim: 20,
        note: `${events[0]?.length} bytes an event, one in eight creates a pod`,
      },
    ];
  },
};

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
