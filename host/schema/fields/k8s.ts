// Fields of the pod that a container belongs to.

import type { Field, FieldSource } from '../types.ts';
import { computed } from './computed.ts';
import { RETIRED } from './unavailable.ts';

const container = (member: string): FieldSource => ({ from: 'container', member });

/** Name, id, labels of a kind of object that Falco no longer fills in. */
function retired(kind: string, withName = true): Field[] {
  const plain = (name: string): Field => ({
    name: `k8s.${kind}.${name}`,
    type: 'CHARBUF',
    description: 'Retired; absent.',
    source: RETIRED,
  });
  const label: Field = { ...plain('label'), argument: 'required', argumentKind: 'key' };
  return [...(withName ? [plain('name')] : []), plain('id'), label, plain('labels')];
}

export const KUBERNETES_FIELDS: readonly Field[] = [
  { name: 'k8s.pod.name', type: 'CHARBUF', description: 'Name of the pod.', source: container('pod_name') },
  { name: 'k8s.ns.name', type: 'CHARBUF', description: 'Namespace of the pod.', source: container('pod_namespace') },
  { name: 'k8s.pod.id', type: 'CHARBUF', description: 'The same as k8s.pod.uid.', source: container('pod_uid') },
  { name: 'k8s.pod.uid', type: 'CHARBUF', description: 'Uid of the pod.', source: container('pod_uid') },
  {
    name: 'k8s.pod.sandbox_id',
    type: 'CHARBUF',
    description: 'First 12 characters of the id of its sandbox.',
    source: computed('k8s.pod.sandbox_id'),
  },
  {
    name: 'k8s.pod.full_sandbox_id',
    type: 'CHARBUF',
    description: 'Whole id of its sandbox.',
    source: container('pod_sandbox_id'),
  },
  {
    name: 'k8s.pod.label',
    type: 'CHARBUF',
    description: 'One label of the pod.',
    source: computed('k8s.pod.label'),
    argument: 'required',
    argumentKind: 'key',
  },
  { name: 'k8s.pod.labels', type: 'CHARBUF', description: 'All its labels.', source: container('pod_labels_text') },
  { name: 'k8s.pod.ip', type: 'CHARBUF', description: 'Its IPv4 address.', source: container('pod_ip') },
  {
    name: 'k8s.pod.cni.json',
    type: 'CHARBUF',
    description: 'Its network interfaces, as CNI made them, in JSON; from CRI alone.',
    source: container('cni'),
  },
  ...retired('rc'),
  ...retired('svc'),
  ...retired('ns', false),
  ...retired('rs'),
  ...retired('deployment'),
];
