// Fields of Falco's k8smeta plugin, and similar ones: metadata from the API server on a pod, its owners and its namespace.
// Name, uid, labels and addresses of the pod itself are known from the container's runtime too, and sooner (`knownFrom`).

import type { EarlySource, Field, FieldSource } from './field.ts';
import { itemsOf, keyOf, member } from './of-container.ts';
import { unavailable } from './unavailable.ts';

const NO_SERVICES = unavailable('services are not watched');

function plain(name: string, description: string, source: FieldSource): Field {
  return { name: `k8smeta.${name}`, type: 'CHARBUF', description, source };
}

/** One label, and the list of all, `key:value`. */
function labels(object: 'pod' | 'ns' | Owner, what: string, knownFrom?: EarlySource): Field[] {
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
    plain(`${object}.name`, `Name of ${what}.`, member(`${object}_name`)),
    plain(`${object}.uid`, `Uid of ${what}.`, member(`${object}_uid`)),
    ...labels(object, what),
  ];
}

/** A list in Falco's plugin: all services that select the pod. */
function service(member: string): Field {
  return { ...plain(`svc.${member}`, 'Services that select the pod.', NO_SERVICES), list: true };
}

export const CLUSTER_FIELDS: readonly Field[] = [
  plain('pod.name', 'Name of the pod.', member('pod_name', 'runtime')),
  plain('pod.uid', 'Uid of the pod.', member('pod_uid', 'runtime')),
  plain('pod.ip', 'Its IPv4 address.', member('pod_ip', 'runtime')),
  ...labels('pod', 'the pod', 'runtime'),
  {
    ...plain('pod.annotation', 'One annotation of the pod.', keyOf('pod_annotations', ':', 'runtime')),
    argument: 'required',
    argumentKind: 'key',
  },
  plain('pod.service_account', 'Service account of the pod.', member('pod_service_account')),
  plain('pod.node', 'Node that it runs on.', member('pod_node')),
  plain('owner.kind', 'Kind of the topmost owner of the pod: Deployment, CronJob, DaemonSet.', member('owner_kind')),
  plain('owner.name', 'Name of that.', member('owner_name')),
  plain('owner.uid', 'Uid of that.', member('owner_uid')),
  plain('ns.name', 'Namespace of the pod.', member('pod_namespace', 'runtime')),
  plain('ns.uid', 'Uid of the namespace.', member('ns_uid')),
  ...labels('ns', 'the namespace'),
  ...owner('deployment', 'the deployment'),
  ...owner('rs', 'the replica set'),
  ...owner('rc', 'the replication controller'),
  service('name'),
  service('uid'),
  { ...service('label'), argument: 'required', argumentKind: 'key' },
  service('labels'),
];
