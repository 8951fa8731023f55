// container.* and k8s.*: what a container table entry says. The entry may be the sandbox's or one that the host program
// has just made: an alert that waited for the runtime's answer is completed from the latter.

import { HOST_NAMESPACE } from '../schema/container.ts';
import type { Field } from '../schema/types.ts';
import { matchesGlob } from './glob.ts';
import type { ContainerRecord } from './record.ts';
import {
  type Absent,
  boolean,
  concatenate,
  decode,
  type FieldValue,
  findByKey,
  integer,
  splitAtNul,
  text,
} from './value.ts';

/** What of the event a container field may depend on. */
export interface ContainerMoment {
  /** ns since the epoch. */
  readonly eventTime: bigint;
  /** Start of the first process of the pid namespace, ns since the epoch; 0 = not known. */
  readonly namespaceStart: bigint;
}

type ContainerField = (
  container: ContainerRecord,
  argument: string | undefined,
  moment: ContainerMoment,
) => FieldValue | Absent;

const EMPTY = new Uint8Array(0);
const NOT_KNOWN = 255;
const SHORT_ID = 12;
const KNOWN_FROM_CGROUP = new Set(['container.id', 'container.full_id']);
/** Fields of the API server's that the runtime tells too. */
const KNOWN_FROM_RUNTIME = /^k8smeta\.(pod\.(name|uid|ip|label|labels|annotation)|ns\.name)$/;
const PARTS_OF_MOUNT = 5;
type MountPart = 0 | 1 | 2 | 3 | 4;
const [SOURCE, DESTINATION, MODE, WRITABLE, PROPAGATION] = [0, 1, 2, 3, 4] as const;

function* mountsOf(container: ContainerRecord): Generator<readonly Uint8Array[]> {
  const parts = splitAtNul(container.bytes('mounts') ?? EMPTY);
  for (let at = 0; at + PARTS_OF_MOUNT <= parts.length; at += PARTS_OF_MOUNT)
    yield parts.slice(at, at + PARTS_OF_MOUNT);
}

/** A mount by its index, or by a path (which may be a glob) at the end that `key` names. */
function findMount(container: ContainerRecord, argument: string, key: MountPart): readonly Uint8Array[] | undefined {
  const mounts = [...mountsOf(container)];
  if (/^\d+$/.test(argument)) return mounts[Number(argument)];
  return mounts.find((mount) => matchesGlob(argument, decode(mount[key] ?? EMPTY)));
}

function mountPart(part: MountPart, key: MountPart = SOURCE): ContainerField {
  return (container, argument = '') => {
    const found = findMount(container, argument, key)?.[part];
    return found && text(found);
  };
}

function wholeMount(container: ContainerRecord, argument = ''): FieldValue | Absent {
  const found = findMount(container, argument, SOURCE);
  return found && text(concatenate(found, ':'));
}

function label(member: string, separator: '=' | ':'): ContainerField {
  return (container, argument = '') => {
    const found = findByKey(container.bytes(member) ?? EMPTY, argument, separator);
    return found && text(found);
  };
}

function privileged(container: ContainerRecord): FieldValue | Absent {
  const value = container.number('privileged');
  return value === NOT_KNOWN ? undefined : boolean(value === 1);
}

function hostNamespace(bit: number): ContainerField {
  return (container) => {
    const known = container.number('host_namespaces');
    return known === 0 ? undefined : boolean((known & bit) !== 0);
  };
}

/** The items of a list, each ended by a NUL in the entry. */
function list(member: string): ContainerField {
  return (container) => {
    const items = container.bytes(member);
    return items && { kind: 'list', items: splitAtNul(items).map((item) => item.slice()) };
  };
}

function start(container: ContainerRecord, moment: ContainerMoment): bigint {
  const known = container.big('start_time');
  return known !== 0n || container.isHost ? known : moment.namespaceStart;
}

function duration(container: ContainerRecord, moment: ContainerMoment): FieldValue | Absent {
  const from = start(container, moment);
  return from === 0n || from > moment.eventTime ? undefined : integer(moment.eventTime - from);
}

const COMPUTED: Readonly<Record<string, ContainerField>> = {
  containerPrivileged: privileged,
  containerMount: wholeMount,
  containerMountSource: mountPart(SOURCE, DESTINATION),
  containerMountDest: mountPart(DESTINATION),
  containerMountMode: mountPart(MODE),
  containerMountRdwr: mountPart(WRITABLE),
  containerMountPropagation: mountPart(PROPAGATION),
  containerLabel: label('labels', '='),
  containerHostPid: hostNamespace(HOST_NAMESPACE.PID),
  containerHostNetwork: hostNamespace(HOST_NAMESPACE.NETWORK),
  containerHostIpc: hostNamespace(HOST_NAMESPACE.IPC),
  containerEnvNames: list('env_names'),
  k8sPodLabel: label('pod_labels', ':'),
  k8smetaPodLabel: label('pod_labels', ':'),
  k8smetaPodLabels: list('pod_labels'),
  k8smetaPodAnnotation: label('pod_annotations', ':'),
  k8smetaNsLabel: label('ns_labels', ':'),
  k8smetaNsLabels: list('ns_labels'),
  k8smetaDeploymentLabel: label('deployment_labels', ':'),
  k8smetaDeploymentLabels: list('deployment_labels'),
  k8smetaRsLabel: label('rs_labels', ':'),
  k8smetaRsLabels: list('rs_labels'),
  k8smetaRcLabel: label('rc_labels', ':'),
  k8smetaRcLabels: list('rc_labels'),
  k8sPodSandboxId: (container) => {
    const id = container.bytes('pod_sandbox_id');
    return id && text(id.slice(0, SHORT_ID));
  },
  containerStartTs: (container, _, moment) => {
    const from = start(container, moment);
    return from === 0n ? undefined : integer(from);
  },
  containerDuration: (container, _, moment) => duration(container, moment),
};

/** Whether the field's value comes from the container table, so that it may still be on its way. */
export function isContainerField({ source }: Field): boolean {
  return source.from === 'container' || (source.from === 'computed' && source.name in COMPUTED);
}

/** Whether only the container's runtime can tell the field's value: the rest is known from the cgroup at once. */
export function needsRuntime(field: Field): boolean {
  return isContainerField(field) && !KNOWN_FROM_CGROUP.has(field.name);
}

/** Whether only the API server can tell it: the runtime knows of the pod what the kubelet gave it when it started. */
export function needsCluster({ name }: Field): boolean {
  return name.startsWith('k8smeta.') && !KNOWN_FROM_RUNTIME.test(name);
}

/** The value of a field for which isContainerField holds. */
export function readContainerField(
  field: Field,
  argument: string | undefined,
  container: ContainerRecord,
  moment: ContainerMoment,
): FieldValue | Absent {
  const { source } = field;
  if (source.from === 'computed') return COMPUTED[source.name]?.(container, argument, moment);
  if (source.from !== 'container') return undefined;
  const bytes = container.bytes(source.member);
  return bytes && text(bytes);
}
