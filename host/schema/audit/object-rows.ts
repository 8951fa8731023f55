// Fields of the object that a request carries: a binding, a role, a service, a config map, a pod.

import type { AuditReading, AuditRow, Pointer, Walk } from './reading.ts';

function text(name: string, at: Pointer, description: string): AuditRow {
  return { name, description, reading: { read: 'text', at } };
}

function list(name: string, reading: AuditReading, description: string): AuditRow {
  return { name, description, reading, list: true };
}

function indexed(name: string, reading: AuditReading, description: string): AuditRow {
  return { ...list(name, reading, description), argument: 'index' };
}

const SUBJECTS = 'ka.req.binding.subjects';
const RULES = 'ka.req.role.rules';

const ACCESS_ROWS: readonly AuditRow[] = [
  list(SUBJECTS, { read: 'elements', at: '/requestObject/subjects' }, 'Subjects of a binding, each as JSON.'),
  list(`${SUBJECTS}.user_names`, { read: 'subjects', kind: 'User' }, 'Users of a binding.'),
  list(`${SUBJECTS}.group_names`, { read: 'subjects', kind: 'Group' }, 'Groups of a binding.'),
  list(`${SUBJECTS}.serviceaccount_names`, { read: 'subjects', kind: 'ServiceAccount' }, 'Its service accounts.'),
  list(
    `${SUBJECTS}.serviceaccount_ns_names`,
    { read: 'subjects', kind: 'ServiceAccount', qualified: true },
    'Its service accounts, as namespace:name.',
  ),
  text('ka.req.binding.role', '/requestObject/roleRef/name', 'Role of a binding.'),
  {
    name: 'ka.req.binding.subject.has_name',
    description: 'Always true, as in Falco.',
    reading: { read: 'constant', value: 'true' },
    argument: 'key',
  },
  text('ka.req.configmap.name', '/objectRef/name', 'Name of the object.'),
  text('ka.req.configmap.obj', '/requestObject/data', 'Data of a config map, as JSON.'),
  list(RULES, { read: 'elements', at: '/requestObject/rules' }, 'Rules of a role, each as JSON.'),
  ...(['apiGroups', 'resources', 'verbs', 'nonResourceURLs'] as const).map((key) =>
    indexed(`${RULES}.${key}`, { read: 'ofRules', key }, `${key} of all rules of a role; [N]: of that rule.`),
  ),
  text('ka.req.service.type', '/requestObject/spec/type', 'Type of a service: ClusterIP, NodePort...'),
  indexed(
    'ka.req.service.ports',
    { read: 'walk', at: '/requestObject/spec/ports', holes: 'skip' },
    'Ports of a service: one element, the JSON of all.',
  ),
];

const SPEC = '/requestObject/spec';
const POD = `${SPEC}/securityContext` as const;
const VOLUMES = `${SPEC}/volumes` as const;
const CONTAINERS = `${SPEC}/containers` as const;
const ONE_CONTAINER = 'ka.req.container';
const VOLUME = 'ka.req.pod.volumes';

function walk(at: Pointer, holes: Walk['holes'] = 'skip'): Walk {
  return { read: 'walk', at, holes };
}

const POD_ROWS: readonly AuditRow[] = [
  text('ka.req.pod.host_ipc', `${SPEC}/hostIPC`, 'The pod uses the IPC namespace of its node.'),
  text('ka.req.pod.host_pid', `${SPEC}/hostPID`, 'The pod uses the pid namespace of its node.'),
  text('ka.req.pod.host_network', `${SPEC}/hostNetwork`, 'The pod uses the network of its node.'),
  text(`${ONE_CONTAINER}.host_network`, `${SPEC}/hostNetwork`, 'The same as ka.req.pod.host_network.'),
  text('ka.req.pod.run_as_user', `${POD}/runAsUser`, 'User id of the pod.'),
  text('ka.req.pod.run_as_group', `${POD}/runAsGroup`, 'Group id of the pod.'),
  text('ka.req.pod.fs_group', `${POD}/fsGroup`, 'Group id of its volumes.'),
  list(
    'ka.req.pod.supplemental_groups',
    { read: 'elements', at: `${POD}/supplementalGroups` },
    'Its further group ids.',
  ),
  indexed(`${VOLUME}.hostpath`, walk(`${VOLUMES}/hostPath/path`), 'Paths of the node that its volumes are.'),
  indexed(`${VOLUME}.flexvolume_driver`, walk(`${VOLUMES}/flexVolume/driver`), 'Drivers of its flex volumes.'),
  indexed(`${VOLUME}.volume_type`, { read: 'volumeTypes', at: VOLUMES }, 'Types of its volumes: hostPath, secret...'),
  {
    name: 'ka.req.volume.hostpath',
    description: 'true if a volume is that path of the node; with * at the end, if it begins so.',
    reading: { read: 'anyIs', of: walk(`${VOLUMES}/hostPath/path`) },
    argument: 'key',
  },
  {
    name: `${ONE_CONTAINER}.image`,
    description: 'Image of the first container.',
    reading: { read: 'first', of: walk(`${CONTAINERS}/image`, 'fail') },
  },
  {
    name: `${ONE_CONTAINER}.image.repository`,
    description: 'Repository of the image of the first container.',
    reading: { read: 'first', of: { read: 'repositories', of: walk(`${CONTAINERS}/image`, 'fail') } },
  },
  {
    name: `${ONE_CONTAINER}.privileged`,
    description: 'true if any container is privileged.',
    reading: { read: 'anyTrue', of: walk(`${CONTAINERS}/securityContext/privileged`) },
  },
];

const CONTAINER_LISTS = [
  ['containers', 'the containers'],
  ['initContainers', 'the init containers'],
  ['ephemeralContainers', 'the ephemeral containers'],
] as const;

function containerRows(key: (typeof CONTAINER_LISTS)[number][0], which: string): readonly AuditRow[] {
  const containers = `${SPEC}/${key}` as const;
  const context = `${containers}/securityContext` as const;
  const image = walk(`${containers}/image`, 'fail');
  const effective = (id: string): AuditReading => ({ read: 'effective', containers, pod: POD, key: id });
  const of = (suffix: string, reading: AuditReading, what: string): AuditRow =>
    indexed(`ka.req.pod.${key}.${suffix}`, reading, `${what} of ${which}; [N]: of that one.`);
  const ports = of(
    'host_port',
    { read: 'ports', of: walk(`${containers}/ports`) },
    'Host ports, or else container ports,',
  );
  return [
    of('name', walk(`${containers}/name`, 'fail'), 'Names'),
    of('image', image, 'Images'),
    of('image.repository', { read: 'repositories', of: image }, 'Repositories of the images'),
    of('command', { read: 'words', of: walk(`${containers}/command`) }, 'Commands'),
    of('args', { read: 'words', of: walk(`${containers}/args`) }, 'Arguments'),
    ...(key === 'ephemeralContainers' ? [] : [ports]),
    of('privileged', walk(`${context}/privileged`), 'privileged'),
    of('allow_privilege_escalation', walk(`${context}/allowPrivilegeEscalation`), 'allowPrivilegeEscalation'),
    of('read_only_fs', walk(`${context}/readOnlyRootFilesystem`), 'readOnlyRootFilesystem'),
    of('run_as_user', walk(`${context}/runAsUser`), 'User ids'),
    of('eff_run_as_user', effective('runAsUser'), 'User ids, or else that of the pod, or else 0,'),
    of('run_as_group', walk(`${context}/runAsGroup`), 'Group ids'),
    of('eff_run_as_group', effective('runAsGroup'), 'Group ids, or else that of the pod, or else 0,'),
    of('proc_mount', walk(`${context}/procMount`), 'procMount'),
    of('add_capabilities', walk(`${context}/capabilities/add`), 'Added capabilities, one JSON array each,'),
  ];
}

export const OBJECT_ROWS: readonly AuditRow[] = [
  ...ACCESS_ROWS,
  ...POD_ROWS,
  ...CONTAINER_LISTS.flatMap(([key, which]) => containerRows(key, which)),
];
