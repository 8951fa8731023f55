// Fields of Falco's k8smeta plugin, and similar ones: metadata from the API server on a pod, its owners and its namespace.
// Name, uid, labels and addresses of the pod itself are known from the container's runtime too, and sooner (`knownFrom`).

import type { Field, FieldSource, KnownFrom } from './field.ts';
import { itemsOf, keyOf, member } from './of-container.ts';
import { unavailable } from './unavailable.ts';

const NO_SERVICES = unavailable('services are not watched');

function plain(name: string, description: string, source: FieldSource): Field {
  return { name: `k8smeta.${name}`, type: 'CHARBUF', description, source };
}

/** One label, and the list of all, `key:value`. */
function labels(object: 'pod' | 'ns' | Owner, what: string, knownFrom: KnownFrom): Field[] {
  const list = `${object}_labels` as const;
  const label = plain(`${object}.label`, `One label of ${what}.`, keyOf(list, ':', knownFrom));
  return [
    { ...label, argument: 'required', argumentKind: 'key' },
    { ...plain(`${object}.labels`, 'All its labels, a list.', itemsOf(list, knownFrom)), list: true },
  ];
}

type Owner = 'deployment' | 'rs' | 'rc';

function owner(object: Owner, what: string): Field[] {
  return [
    plain(`${object}.name`, `Name of ${what}.`, member(`${object}_name`, 'cluster')),
    plain(`${object}.uid`, `Uid of ${what}.`, member(`${object}_uid`, 'cluster')),
    ...labels(object, what, 'cluster'),
  ];
}

/** A list in Falco's plugin: all services that select the pod. */
function service(member: string): Field {
  return { ...plain(`svc.${member}`, 'Services that select the pod.', NO_SERVICES), list: true };
}

export const CLUSTER_FIELDS: readonly Field[] = [
  plain('pod.name', 'Name of the pod.', member('pod_name', 'pod')),
  plain('pod.uid', 'Uid of the pod.', member('pod_uid', 'pod')),
  plain('pod.ip', 'Its IPv4 address.', member('pod_ip', 'pod')),
  ...labels('pod', 'the pod', 'pod'),
  {
    ...plain('pod.annotation', 'One annotation of the pod.', keyOf('pod_annotations', ':', 'pod')),
    argument: 'required',
    argumentKind: 'key',
  },
  plain('pod.service_account', 'Service account of the pod.', member('pod_service_account', 'cluster')),
  plain('pod.node', 'Node that it runs on.', member('pod_node', 'cluster')),
  plain(
    'owner.kind',
    'Kind of the topmost owner of the pod: Deployment, CronJob, DaemonSet.',
    member('owner_kind', 'cluster'),
  ),
  plain('owner.name', 'Name of that.', member('owner_name', 'cluster')),
  plain('owner.uid', 'Uid of that.', member('owner_uid', 'cluster')),
  plain('ns.name', 'Namespace of the pod.', member('pod_namespace', 'pod')),
  plain('ns.uid', 'Uid of the namespace.', member('ns_uid', 'cluster')),
  ...labels('ns', 'the namespace', 'cluster'),
  ...owner('deployment', 'the deployment'),
  ...owner('rs', 'the replica set'),
  ...owner('rc', 'the replication controller'),
  service('name'),
  service('uid'),
  { ...service('label'), argument: 'required', argumentKind: 'key' },
  service('labels'),
];
