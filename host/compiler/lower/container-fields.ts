// Fields of the container and the pod. Only the id is known as soon as the process is; the rest is learnt later, so that
// a condition on it is decided per event.

import { CONTAINER, HOST_NAMESPACE } from '../../schema/container.ts';
import { member } from '../../schema/layout.ts';
import { holds, type Piece, type Scope } from '../ir.ts';
import { printValue } from '../print-value.ts';
import {
  arithmetic,
  both,
  CONTAINER_ADDRESS,
  call,
  callFunction,
  cast,
  compare,
  hasBits,
  IMAGE_ADDRESS,
  ITEM_INDEX,
  integer,
  isThere,
  KEY_TEXT,
  type MemberOf,
  memberNamed,
  ofContainer,
  ofEvent,
} from '../value.ts';
import { valueFunction } from './image-fields.ts';
import {
  ABSENT,
  boolean,
  ITEM,
  type LoweringContext,
  number,
  type Operand,
  present,
  text,
  toBytes,
} from './operand.ts';
import { globMatch } from './text-match.ts';

/** Members that follow from the cgroup path, and so never change for a process. */
const KNOWN_AT_ONCE = new Set(['id']);

export function containerMember(name: string): Operand {
  const scope: Scope = KNOWN_AT_ONCE.has(name) ? 'image' : 'event';
  const value = memberNamed('container', name, CONTAINER_ADDRESS);
  if (!value) return ABSENT;
  return member(CONTAINER, name).type === 'string' ? text(value, scope) : number(cast('i64', value), scope);
}

/** The runtime's answer; until it is there, the start of the pid namespace of the process. */
const START_TIME = call('containerStart', CONTAINER_ADDRESS, IMAGE_ADDRESS);
const TIME = ofEvent('header', 'time');
const PRIVILEGED = ofContainer('privileged');

type Texts = MemberOf<'container', 'string'>;

type ByArgument = (argument: string | undefined, context: LoweringContext) => Operand;

const label =
  (member: Texts, separator: '=' | ':'): ByArgument =>
  (argument, context) =>
    text(callFunction(valueFunction(separator, argument ?? '', context), ofContainer(member)), 'event');

const hostNamespace = (bit: number): ByArgument => {
  const known = ofContainer('host_namespaces');
  return () => present(holds(isThere(known), 'event'), boolean(holds(hasBits(known, integer(bit)), 'event')));
};

/** A list of texts that are each ended by a NUL. */
const list = (member: Texts): ByArgument => {
  const items = ofContainer(member);
  return () => ({
    kind: 'texts',
    there: holds(isThere(items), 'event'),
    item: call('itemOf', items, ITEM_INDEX),
    marks: [],
    each: ITEM,
    scope: 'event',
  });
};

/** Source, destination, mode, whether it may be written, propagation. */
const MOUNT_PARTS = 5;
const MOUNTS = ofContainer('mounts');

/**
 * A part of one mount, or all of it; by number, or the first whose source (0) or destination (1) matches the argument, a glob.
 */
const mount =
  (part: number | undefined, by: number): ByArgument =>
  (argument = '', context) => {
    const index = /^\d+$/.test(argument)
      ? integer(BigInt(argument))
      : callFunction(mountFinder(argument, by, context), MOUNTS);
    const partOf = (wanted: number) =>
      ({ value: call('mountPart', MOUNTS, index, integer(wanted)), scope: 'event' }) as const;
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
  const test = printValue(context.textTest(globMatch(toBytes(glob), false), KEY_TEXT));
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
      holds(compare(PRIVILEGED, '!=', integer(255)), 'event'),
      boolean(holds(compare(PRIVILEGED, '==', integer(1)), 'event')),
    ),
  'container.start_ts': () => present(holds(isThere(START_TIME), 'event'), number(cast('i64', START_TIME), 'event')),
  'container.duration': () =>
    present(
      holds(both(isThere(START_TIME), compare(START_TIME, '<=', TIME)), 'event'),
      number(cast('i64', arithmetic(TIME, '-', START_TIME)), 'event'),
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
  'k8s.pod.sandbox_id': () => text(call('head', ofContainer('pod_sandbox_id'), integer(12)), 'event'),
  'container.mount': mount(undefined, 0),
  'container.mount.source': mount(0, 1),
  'container.mount.dest': mount(1, 0),
  'container.mount.mode': mount(2, 0),
  'container.mount.rdwr': mount(3, 0),
  'container.mount.propagation': mount(4, 0),
};
