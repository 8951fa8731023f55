// An event of a savefile as a record of the capture.

import { encodeStruct, type StructInput } from '../../schema/encode-struct.ts';
import { DESCRIPTOR_STATE, EVENT_FLAGS, EVENT_STRUCTS } from '../../schema/event-structs.ts';
import { callNames, callNumber } from '../../schema/events/call-numbers.ts';
import type { EventType } from '../../schema/events/event-type.ts';
import type { MemberSpec } from '../../schema/layout.ts';
import { FAMILY, readSocketAddress, readTuple } from '../format/addresses.ts';
import { viewOf } from '../format/blocks.ts';
import { AT_FDCWD, LONGEST_TEXT } from '../format/calls.ts';
import { GENERIC_TYPES, MAPPINGS, type Mapped, type TypeMapping } from '../format/mapping.ts';
import { kernelOpenFlags, OPEN_FACT } from '../format/numbers.ts';
import type { Descriptor } from './descriptor.ts';
import { directoryOf, openedFile } from './descriptor-changes.ts';
import type { ScapEvent } from './event.ts';
import { descriptorMembers } from './images.ts';
import type { Outcome } from './state.ts';

const KERNEL_SOCKET_TYPE = 0xf;

/** Members of all records. */
export interface RecordHead {
  readonly image: bigint;
  readonly sequence: number;
}

/** The event types that records are made of. */
export const READ_TYPES: readonly EventType[] = [...MAPPINGS.values()].map(({ event }) => event).concat(GENERIC_TYPES);

/** Names of types of this version, where Falco has several for one. */
const OTHER_NAMES: Readonly<Record<string, string>> = { umount: 'umount2' };

const BY_CALL_NUMBER = new Map(
  GENERIC_TYPES.filter(({ name }) => callNames().includes(name)).map((type) => [callNumber(type.name, 'x86-64'), type]),
);
const SYSCALL = 1;

/** Whether events of this type become records: others only change the state. */
export function isRead(event: ScapEvent): boolean {
  return mappingOf(event) !== undefined || genericType(event) !== undefined;
}

function mappingOf({ name }: ScapEvent): TypeMapping | undefined {
  return MAPPINGS.get(OTHER_NAMES[name] ?? name);
}

/** The type of a call that savefiles have only the number of: that of x86-64. */
function genericType(event: ScapEvent): EventType | undefined {
  return event.type.number === SYSCALL ? BY_CALL_NUMBER.get(event.number('nativeID')) : undefined;
}

/** Undefined for an event that does not become one. @throws {ScapError} */
export function recordOf(event: ScapEvent, outcome: Outcome, head: RecordHead): Uint8Array | undefined {
  const mapping = mappingOf(event);
  if (mapping) {
    const members = { ...header(event, outcome, head, mapping.event), ...shapeMembers(event, outcome, mapping) };
    return encodeStruct(EVENT_STRUCTS[mapping.event.shape], members);
  }
  const type = genericType(event);
  return type && encodeStruct(EVENT_STRUCTS[type.shape], { ...header(event, outcome, head, type), result: 0 });
}

function header(event: ScapEvent, { process, fd }: Outcome, head: RecordHead, type: EventType): StructInput {
  const { raw } = event;
  return {
    type: type.number,
    flags: raw.tid === process.pid ? 0 : EVENT_FLAGS.THREAD,
    time: raw.time,
    image: head.image,
    sequence: head.sequence,
    result: event.result,
    tid: raw.tid,
    cpu: raw.cpu,
    fd: type.createsFd || type.usesFd ? BigInt.asIntN(32, BigInt(fd)) : -1,
  };
}

function shapeMembers(event: ScapEvent, outcome: Outcome, mapping: TypeMapping): StructInput {
  const members = mappedMembers(event, mapping);
  switch (mapping.event.shape) {
    case 'open':
      return { ...members, ...openMembers(event, outcome) };
    case 'exec':
      return { dirfd: AT_FDCWD, ...members };
    case 'descriptor':
      return { ...members, ...usedMembers(outcome) };
    case 'network':
      return { ...members, ...usedMembers(outcome), ...networkMembers(event, members) };
    case 'path': {
      const dirfd = event.number('dirfd') ?? AT_FDCWD;
      return { dirfd: AT_FDCWD, ...members, directory: directory(outcome, dirfd) };
    }
    case 'paths':
      return { ...members, ...pathsMembers(event, outcome) };
    case 'process':
      return members;
  }
}

/** Members that are the values of parameters. */
function mappedMembers(event: ScapEvent, { event: { shape }, parameters }: TypeMapping): StructInput {
  const members: Record<string, StructInput[string]> = {};
  const numbers = numbersOf(shape);
  for (const mapped of parameters) {
    if (mapped.kind === 'text') {
      members[mapped.member] = textOf(event, mapped);
      continue;
    }
    const value = numberOf(event, mapped);
    if (value === undefined) continue;
    if (mapped.member === 'numbers') numbers[mapped.index] = BigInt.asUintN(64, mapped.toKernel(value));
    else members[mapped.member] = mapped.toKernel(value);
  }
  return parameters.some(({ member }) => member === 'numbers') ? { ...members, numbers } : members;
}

/** Zeros, as many as records of the shape have. */
function numbersOf(shape: EventType['shape']): bigint[] {
  const members: readonly MemberSpec[] = EVENT_STRUCTS[shape].members;
  return Array.from({ length: members.find(({ name }) => name === 'numbers')?.count ?? 0 }, () => 0n);
}

function textOf(event: ScapEvent, { parameter }: Mapped): Uint8Array | undefined {
  const isBytes = event.type.parameters.find(({ name }) => name === parameter)?.type === 'bytebuf';
  const bytes = event.bytes(parameter);
  const text = isBytes ? (bytes.length === 0 ? undefined : bytes) : event.text(parameter);
  return text?.subarray(0, LONGEST_TEXT);
}

function numberOf(event: ScapEvent, { parameter, kind }: Mapped): bigint | undefined {
  if (kind !== 'dynamic') return event.big(parameter);
  // The type of the value, then the value.
  const bytes = event.bytes(parameter).subarray(1);
  if (bytes.length >= 8) return viewOf(bytes).getBigUint64(0, true);
  return bytes[0] === undefined ? undefined : BigInt(bytes[0]);
}

function openMembers(event: ScapEvent, outcome: Outcome): StructInput {
  const { raw, dirfd, flags, directory, path } = openedFile(event, outcome.process);
  const failed = event.result < 0n;
  const isRelative = raw !== undefined && raw[0] !== SLASH && dirfd !== AT_FDCWD;
  const found = outcome.descriptor;
  return {
    dirfd: BigInt.asIntN(32, BigInt(dirfd)),
    open_flags: kernelOpenFlags(flags),
    raw: raw?.subarray(0, LONGEST_TEXT),
    directory: isRelative ? directory : undefined,
    ...(!failed && found && { ...descriptorMembers(found), resolved: resolvedPath(path) }),
    state: failed ? 0 : stateBits(found, true) | (flags & OPEN_FACT.CREATED ? DESCRIPTOR_STATE.CREATED : 0),
  };
}

/** A savefile does not say where links lead: the kernel's path is taken for that which was passed. */
function resolvedPath(path: Uint8Array): Uint8Array | undefined {
  return path[0] === SLASH ? path : undefined;
}

const SLASH = 0x2f;

function stateBits(found: Descriptor | undefined, nameChanged: boolean): number {
  if (!found) return 0;
  return (
    (found.socket?.connected ? DESCRIPTOR_STATE.CONNECTED : 0) |
    (nameChanged ? DESCRIPTOR_STATE.NAME_CHANGED : 0) |
    (found.upperLayer ? DESCRIPTOR_STATE.UPPER_LAYER : 0) |
    (found.lowerLayer ? DESCRIPTOR_STATE.LOWER_LAYER : 0)
  );
}

function usedMembers({ descriptor, nameChanged }: Outcome): StructInput {
  if (!descriptor) return {};
  const name = descriptor.name.length > 0 ? descriptor.name.subarray(0, LONGEST_TEXT) : undefined;
  return { ...descriptorMembers(descriptor), state: stateBits(descriptor, nameChanged), resolved: name };
}

function networkMembers(event: ScapEvent, { socket_type: type }: StructInput): StructInput {
  const passed = readSocketAddress(event.bytes('addr'));
  const tuple = SENDS.has(event.name) ? readTuple(event.bytes('tuple')) : undefined;
  const address = passed ?? (tuple && { family: tuple.family, ...tuple.destination, path: tuple.path });
  return {
    ...(typeof type === 'bigint' && { socket_type: type & BigInt(KERNEL_SOCKET_TYPE) }),
    ...(address && {
      passed_family: address.family,
      passed_port: address.port,
      passed_address: address.family === FAMILY.UNIX ? undefined : address.address,
      passed_path: address.path,
    }),
  };
}

const SENDS: ReadonlySet<string> = new Set(['sendto', 'sendmsg', 'sendmmsg']);

function directory({ process }: Outcome, dirfd: number): Uint8Array | undefined {
  return dirfd === AT_FDCWD ? undefined : directoryOf(process, dirfd)?.subarray(0, LONGEST_TEXT);
}

function pathsMembers(event: ScapEvent, outcome: Outcome): StructInput {
  const oldFd = event.number('olddirfd') ?? event.number('olddir') ?? AT_FDCWD;
  const newFd = event.number('newdirfd') ?? event.number('newdir') ?? event.number('linkdirfd') ?? AT_FDCWD;
  return {
    old_dirfd: BigInt.asIntN(32, BigInt(oldFd)),
    new_dirfd: BigInt.asIntN(32, BigInt(newFd)),
    old_directory: directory(outcome, oldFd),
    new_directory: directory(outcome, newFd),
  };
}
