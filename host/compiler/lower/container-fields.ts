// Fields of the container and the pod. Only the id is known as soon as the process is; the rest is learnt later, so that
// a condition on it is decided per event.

import { CONTAINER, HOST_NAMESPACE } from '../../schema/container.ts';
import { accessorName } from '../../schema/generate/assemblyscript.ts';
import { member } from '../../schema/layout.ts';
import { code, type Piece, type Scope } from '../ir.ts';
import { valueFunction } from './image-fields.ts';
import { boolean, ITEM, type LoweringContext, number, type Operand, present, text, toBytes } from './operand.ts';
import { globMatch } from './text-match.ts';

const ENTRY = 'imageContainerAddress(image)';

/** Members that follow from the cgroup path, and so never change for a process. */
const KNOWN_AT_ONCE = new Set(['id']);

export function containerMember(name: string): Operand {
  const scope: Scope = KNOWN_AT_ONCE.has(name) ? 'image' : 'event';
  const call = `${accessorName('container', name)}(${ENTRY})`;
  const { type } = member(CONTAINER, name);
  return type === 'string' ? text(call, scope) : number(`i64(${call})`, scope);
}

/** The runtime's answer; until it is there, the start of the pid namespace of the process. */
const startTime = `containerStart(${ENTRY}, image)`;

type ByArgument = (argument: string | undefined, context: LoweringContext) => Operand;

const label =
  (member: string, separator: '=' | ':'): ByArgument =>
  (argument, context) =>
    text(
      `${valueFunction(separator, argument ?? '', context)}(${accessorName('container', member)}(${ENTRY}))`,
      'event',
    );

const hostNamespace = (bit: number): ByArgument => {
  const known = `containerHostNamespaces(${ENTRY})`;
  return () => present(code(`${known} != 0`, 'event'), boolean(code(`(${known} & ${bit}) != 0`, 'event')));
};

/** A list of texts that are each ended by a NUL. */
const list = (member: string): ByArgument => {
  const items = `${accessorName('container', member)}(${ENTRY})`;
  return () => ({
    kind: 'texts',
    there: code(`${items} != 0`, 'event'),
    item: `itemOf(${items}, index)`,
    marks: [],
    each: ITEM,
    scope: 'event',
  });
};

/** Source, destination, mode, whether it may be written, propagation. */
const MOUNT_PARTS = 5;
const MOUNTS = `containerMounts(${ENTRY})`;

/**
 * A part of one mount, or all of it; by number, or the first whose source (0) or destination (1) matches the argument, a glob.
 */
const mount =
  (part: number | undefined, by: number): ByArgument =>
  (argument = '', context) => {
    const index = /^\d+$/.test(argument) ? argument : `${mountFinder(argument, by, context)}(${MOUNTS})`;
    const partOf = (wanted: number) => ({ code: `mountPart(${MOUNTS}, ${index}, ${wanted})`, scope: 'event' }) as const;
    if (part !== undefined) return { kind: 'text', text: partOf(part) };
    const pieces: Piece[] = [];
    for (let wanted = 0; wanted < MOUNT_PARTS; wanted++) {
      if (wanted > 0) pieces.push({ kind: 'bytes', bytes: ':' });
      pieces.push({ kind: 'text', ...partOf(wanted) });
    }
    return { kind: 'pieces', pieces };
  };

/** Function `mounts -> number of the mount`, -1 if none matches. */
function mountFinder(glob: string, by: number, context: LoweringContext): string {
  const name = `mountBy${by === 0 ? 'Source' : 'Destination'}_${Buffer.from(glob, 'utf8').toString('hex').slice(0, 80)}`;
  const test = context.textTest(globMatch(toBytes(glob), false), 'key');
  context.define(
    name,
    `// the mount whose ${by === 0 ? 'source' : 'destination'} is ${JSON.stringify(glob)}
function ${name}(mounts: u64): i32 {
  for (let index = 0, key = itemOf(mounts, ${by}); key != 0; key = itemOf(mounts, ++index * ${MOUNT_PARTS} + ${by})) {
    if (${test}) return index;
  }
  return -1;
}`,
  );
  return name;
}

export const CONTAINER_OPERANDS: Readonly<Record<string, ByArgument>> = {
  'container.privileged': () =>
    present(
      code(`containerPrivileged(${ENTRY}) != 255`, 'event'),
      boolean(code(`containerPrivileged(${ENTRY}) == 1`, 'event')),
    ),
  'container.start_ts': () => present(code(`${startTime} != 0`, 'event'), number(`i64(${startTime})`, 'event')),
  'container.duration': () =>
    present(
      code(`${startTime} != 0 && ${startTime} <= headerTime(event)`, 'event'),
      number(`i64(headerTime(event) - ${startTime})`, 'event'),
    ),
  'container.host_pid': hostNamespace(HOST_NAMESPACE.PID),
  'container.host_network': hostNamespace(HOST_NAMESPACE.NETWORK),
  'container.host_ipc': hostNamespace(HOST_NAMESPACE.IPC),
  'container.env_names': list('env_names'),
  'container.label': label('labels', '='),
  'k8s.pod.label': label('pod_labels', ':'),
  'k8smeta.pod.label': label('pod_labels', ':'),
  'k8smeta.pod.labels': list('pod_labels'),
  'k8smeta.pod.annotation': label('pod_annotations', ':'),
  'k8smeta.ns.label': label('ns_labels', ':'),
  'k8smeta.ns.labels': list('ns_labels'),
  'k8smeta.deployment.label': label('deployment_labels', ':'),
  'k8smeta.deployment.labels': list('deployment_labels'),
  'k8smeta.rs.label': label('rs_labels', ':'),
  'k8smeta.rs.labels': list('rs_labels'),
  'k8smeta.rc.label': label('rc_labels', ':'),
  'k8smeta.rc.labels': list('rc_labels'),
  'k8s.pod.sandbox_id': () => text(`head(containerPodSandboxId(${ENTRY}), 12)`, 'event'),
  'container.mount': mount(undefined, 0),
  'container.mount.source': mount(0, 1),
  'container.mount.dest': mount(1, 0),
  'container.mount.mode': mount(2, 0),
  'container.mount.rdwr': mount(3, 0),
  'container.mount.propagation': mount(4, 0),
};
