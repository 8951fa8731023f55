// Fields of the pod that a container belongs to.

import { CONTAINER, call, number, ofContainer } from './derive.ts';
import type { Field } from './field.ts';
import { keyOf, member } from './of-container.ts';
import { RETIRED } from './unavailable.ts';

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
  { name: 'k8s.pod.name', type: 'CHARBUF', description: 'Name of the pod.', source: member('pod_name', 'pod') },
  {
    name: 'k8s.ns.name',
    type: 'CHARBUF',
    description: 'Namespace of the pod.',
    source: member('pod_namespace', 'pod'),
  },
  { name: 'k8s.pod.id', type: 'CHARBUF', description: 'The same as k8s.pod.uid.', source: member('pod_uid', 'pod') },
  { name: 'k8s.pod.uid', type: 'CHARBUF', description: 'Uid of the pod.', source: member('pod_uid', 'pod') },
  {
    name: 'k8s.pod.sandbox_id',
    type: 'CHARBUF',
    description: 'First 12 characters of the id of its sandbox.',
    source: ofContainer(() => call('head', CONTAINER.text('pod_sandbox_id'), number(12)), 'pod'),
  },
  {
    name: 'k8s.pod.full_sandbox_id',
    type: 'CHARBUF',
    description: 'Full id of its sandbox.',
    source: member('pod_sandbox_id', 'pod'),
  },
  {
    name: 'k8s.pod.label',
    type: 'CHARBUF',
    description: 'One label of the pod.',
    source: keyOf('pod_labels', ':', 'pod'),
    argument: 'required',
    argumentKind: 'key',
  },
  { name: 'k8s.pod.labels', type: 'CHARBUF', description: 'All its labels.', source: member('pod_labels_text', 'pod') },
  { name: 'k8s.pod.ip', type: 'CHARBUF', description: 'Its IPv4 address.', source: member('pod_ip', 'pod') },
  {
    name: 'k8s.pod.cni.json',
    type: 'CHARBUF',
    description: 'Its network interfaces as made by CNI, in JSON; only from CRI.',
    source: member('cni', 'pod'),
  },
  ...retired('rc'),
  ...retired('svc'),
  ...retired('ns', false),
  ...retired('rs'),
  ...retired('deployment'),
];
