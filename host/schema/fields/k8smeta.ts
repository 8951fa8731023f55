// Fields of Falco's k8smeta plugin, and some of the same kind: what the API server tells of a pod, its owners and its namespace.
// Name, uid, labels and addresses of the pod itself are known from the container's runtime too, and sooner.

import type { Field, FieldSource } from '../types.ts';
import { computed } from './computed.ts';
import { unavailable } from './unavailable.ts';

const container = (member: string): FieldSource => ({ from: 'container', member });

const NO_SERVICES = unavailable('services are not watched');

function plain(name: string, description: string, source: FieldSource): Field {
  return { name: `k8smeta.${name}`, type: 'CHARBUF', description, source };
}

/** One label, and the list of all, `key:value`. */
function labels(object: string, what: string): Field[] {
  const [one, all] = [`${object}.label`, `${object}.labels`];
  const label = plain(one, `One label of ${what}.`, computed(`k8smeta.${one}`));
  return [
    { ...label, argument: 'required', argumentKind: 'key' },
    { ...plain(all, `All its labels, a list.`, computed(`k8smeta.${all}`)), list: true },
  ];
}

function owner(object: string, what: string): Field[] {
  return [
    plain(`${object}.name`, `Name of ${what}.`, container(`${object}_name`)),
    plain(`${object}.uid`, `Uid of ${what}.`, container(`${object}_uid`)),
    ...labels(object, what),
  ];
}

/** A list in Falco's plugin: all services that select the pod. */
function service(member: string): Field {
  return { ...plain(`svc.${member}`, 'Services that select the pod.', NO_SERVICES), list: true };
}

export const CLUSTER_FIELDS: readonly Field[] = [
  plain('pod.name', 'Name of the pod.', container('pod_name')),
  plain('pod.uid', 'Uid of the pod.', container('pod_uid')),
  plain('pod.ip', 'Its IPv4 address.', container('pod_ip')),
  ...labels('pod', 'the pod'),
  {
    ...plain('pod.annotation', 'One annotation of the pod.', computed('k8smeta.pod.annotation')),
    argument: 'required',
    argumentKind: 'key',
  },
  plain('pod.service_account', 'Service account of the pod.', container('pod_service_account')),
  plain('pod.node', 'Node that it runs on.', container('pod_node')),
  plain(
    'owner.kind',
    'Kind of what the pod was made for at last: Deployment, CronJob, DaemonSet.',
    container('owner_kind'),
  ),
  plain('owner.name', 'Name of that.', container('owner_name')),
  plain('owner.uid', 'Uid of that.', container('owner_uid')),
  plain('ns.name', 'Namespace of the pod.', container('pod_namespace')),
  plain('ns.uid', 'Uid of the namespace.', container('ns_uid')),
  ...labels('ns', 'the namespace'),
  ...owner('deployment', 'the deployment'),
  ...owner('rs', 'the replica set'),
  ...owner('rc', 'the replication controller'),
  service('name'),
  service('uid'),
  { ...service('label'), argument: 'required', argumentKind: 'key' },
  service('labels'),
];
