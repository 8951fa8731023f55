// What events do to the descriptors of a process, as Falco follows it.

import { isIpSocket } from '../../schema/descriptor-types.ts';
import { DESCRIPTOR_ROLE } from '../../schema/event-structs.ts';
import { readSocketAddress, readTuple } from '../format/addresses.ts';
import { AT_FDCWD, KERNEL_CLOEXEC, NOTHING, O_CLOEXEC, PROTOCOL } from '../format/calls.ts';
import { kernelDevice, OPEN_FACT } from '../format/numbers.ts';
import {
  connectedSocket,
  type Descriptor,
  descriptor,
  kindOf,
  kindOfFamily,
  NEW_SOCKET,
  opened,
  type Socket,
} from './descriptor.ts';
import type { ScapEvent } from './event.ts';
import { absolutePath } from './paths.ts';
import type { Process } from './process.ts';

const SOCKET_TYPE = 0xf;
const FCNTL = { DUPFD: 1, SETFD: 3, DUPFD_CLOEXEC: 26 } as const;

/** The path of the directory that a relative path starts from; undefined: not known. */
export function directoryOf(process: Process, dirfd: number): Uint8Array | undefined {
  if (dirfd === AT_FDCWD) return process.facts.cwd;
  return process.descriptors.get(dirfd)?.name;
}

export function changeDescriptors(event: ScapEvent, process: Process): void {
  const { descriptors } = process;
  const made = (one: Descriptor, number = Number(event.result)) => {
    descriptors.set(number, closing(event) ? { ...one, closesOnExec: true } : one);
  };
  switch (event.name) {
    case 'open':
    case 'openat':
    case 'openat2':
    case 'creat':
    case 'open_by_handle_at':
      made(openedDescriptor(event, process));
      return;
    case 'close':
      descriptors.delete(event.number('fd') ?? -1);
      return;
    case 'close_range':
      closeRange(event, process);
      return;
    case 'fcntl': {
      const command = event.number('cmd');
      const fd = event.number('fd') ?? -1;
      const found = descriptors.get(fd);
      if (!found) return;
      const closesOnExec = command === FCNTL.SETFD ? event.number('arg') === 1 : command === FCNTL.DUPFD_CLOEXEC;
      if (command === FCNTL.SETFD) descriptors.set(fd, { ...found, closesOnExec });
      const isCopy = command === FCNTL.DUPFD || command === FCNTL.DUPFD_CLOEXEC;
      if (isCopy) descriptors.set(Number(event.result), { ...found, closesOnExec });
      return;
    }
    case 'dup':
    case 'dup2':
    case 'dup3': {
      const found = descriptors.get(event.number('oldfd') ?? -1);
      if (found && event.number('oldfd') !== Number(event.result)) made({ ...found, closesOnExec: false });
      return;
    }
    case 'pipe':
    case 'pipe2':
    case 'socketpair': {
      const one = event.name === 'socketpair' ? descriptor('u', undefined, { socket: NEW_SOCKET }) : pipeOf(event);
      for (const end of ['fd1', 'fd2']) made(one, event.number(end) ?? -1);
      return;
    }
    case 'socket':
      made(newSocket(event));
      return;
    case 'bind':
      bind(event, process);
      return;
    case 'connect':
      connect(event, process);
      return;
    case 'accept':
    case 'accept4':
      made(accepted(event));
      return;
    case 'send':
    case 'sendto':
    case 'sendmsg':
    case 'sendmmsg':
      message(event, process, false);
      return;
    case 'recv':
    case 'recvfrom':
    case 'recvmsg':
    case 'recvmmsg':
      message(event, process, true);
      return;
    case 'memfd_create':
      made(descriptor('m', event.text('name')));
      return;
    default: {
      const kind = MADE[event.name];
      if (kind !== undefined) made(descriptor(kind));
    }
  }
}

function openedDescriptor(event: ScapEvent, process: Process): Descriptor {
  const { path, flags } = openedFile(event, process);
  const device = kernelDevice(event.number('dev') ?? 0);
  return opened(path, flags, device, event.big('ino') ?? 0n);
}

/** The file of an open: its enter event has what the kernel used, if that differs. */
export function openedFile(event: ScapEvent, process: Process): OpenedFile {
  const named = event.entered?.text('name') ? event.entered : event;
  const raw = named.text(event.name === 'open_by_handle_at' ? 'path' : 'name');
  const dirfd = named.number('dirfd') ?? AT_FDCWD;
  const own = event.name === 'creat' ? creatFlags(event) : (event.number('flags') ?? 0);
  const entered = named === event ? undefined : named.number('flags');
  const flags = entered === undefined ? own : entered | (own & FACTS_OF_FILE);
  const directory = directoryOf(process, dirfd);
  return { raw, dirfd, flags, directory, path: absolutePath(directory ?? NOTHING, raw ?? NOTHING) };
}

function bind(event: ScapEvent, process: Process): void {
  const fd = event.number('fd') ?? -1;
  const found = process.descriptors.get(fd);
  const address = readSocketAddress(event.bytes('addr'));
  if (!found?.socket || !address) return;
  if (address.path) {
    process.descriptors.set(fd, { ...found, name: address.path });
  } else if (address.port !== 0) {
    const socket = { ...found.socket, local: address, role: DESCRIPTOR_ROLE.SERVER };
    process.descriptors.set(fd, { ...found, kind: kindOf(address), socket });
  }
}

export function connect(event: ScapEvent, process: Process): void {
  const fd = event.number('fd') ?? -1;
  const found = process.descriptors.get(fd);
  const tuple = readTuple(event.bytes('tuple'));
  if (!found?.socket || !tuple) return;
  const socket = { ...connectedSocket(found.socket, tuple, false), connected: event.result === 0n };
  process.descriptors.set(fd, { ...found, kind: kindOf(tuple), name: tuple.path ?? found.name, socket });
}

export interface OpenedFile {
  /** The path as passed; undefined: not known. */
  readonly raw: Uint8Array | undefined;
  readonly dirfd: number;
  /** libs' open flags. */
  readonly flags: number;
  /** The directory that a relative path starts from. */
  readonly directory: Uint8Array | undefined;
  readonly path: Uint8Array;
}

const FACTS_OF_FILE = OPEN_FACT.CREATED | OPEN_FACT.UPPER_LAYER | OPEN_FACT.LOWER_LAYER;
/** creat(2) opens for writing, creates and truncates. */
const CREAT_FLAGS = 0x106;

function creatFlags(event: ScapEvent): number {
  const layer = event.number('creat_flags') ?? 0;
  return CREAT_FLAGS | (layer & 1 ? OPEN_FACT.UPPER_LAYER : 0) | (layer & 2 ? OPEN_FACT.LOWER_LAYER : 0);
}

/** Kinds of descriptors that calls make, without a name. */
const MADE: Readonly<Record<string, string>> = {
  eventfd: 'e',
  eventfd2: 'e',
  signalfd: 's',
  signalfd4: 's',
  timerfd_create: 't',
  inotify_init: 'i',
  inotify_init1: 'i',
  epoll_create: 'l',
  epoll_create1: 'l',
  io_uring_setup: 'r',
  userfaultfd: 'u',
  pidfd_open: 'P',
};

/** The descriptor that a call made, or failed to make. */
export function madeDescriptor(event: ScapEvent): number | undefined {
  const [first] = event.type.parameters;
  const makes = first?.type === 'fd' || event.name === 'userfaultfd';
  if (!makes || event.name === 'fcntl') return undefined;
  return event.result < 0n ? -1 : Number(event.result);
}

/** The descriptor that a call works on. */
export function usedDescriptor(event: ScapEvent): number | undefined {
  return event.number('fd') ?? event.number('dirfd') ?? event.number('linkdirfd') ?? event.number('oldfd');
}

/** Whether what it makes is closed when another program is run. */
function closing(event: ScapEvent): boolean {
  switch (event.name) {
    case 'socket':
    case 'socketpair':
      return ((event.number('type') ?? 0) & KERNEL_CLOEXEC) !== 0;
    case 'memfd_create':
    case 'epoll_create1':
      return ((event.number('flags') ?? 0) & 1) !== 0;
    case 'userfaultfd':
      return ((event.number('flags') ?? 0) & KERNEL_CLOEXEC) !== 0;
    case 'pidfd_open':
      return true;
    default:
      return ((event.number('flags') ?? 0) & O_CLOEXEC) !== 0;
  }
}

const CLOSE_RANGE_CLOEXEC = 4;

function closeRange(event: ScapEvent, { descriptors }: Process): void {
  const [first, last] = [event.number('first') ?? 0, event.number('last') ?? 0];
  const onExec = ((event.number('flags') ?? 0) & CLOSE_RANGE_CLOEXEC) !== 0;
  for (const [number, one] of descriptors) {
    if (number < first || number > last) continue;
    if (onExec) descriptors.set(number, { ...one, closesOnExec: true });
    else descriptors.delete(number);
  }
}

function pipeOf(event: ScapEvent): Descriptor {
  return descriptor('p', undefined, { inode: event.big('ino') ?? 0n });
}

const SOCKET_TYPES = { STREAM: 1, DGRAM: 2, RAW: 3 } as const;
const PROTOCOLS: ReadonlySet<number> = new Set([1, PROTOCOL.TCP, PROTOCOL.UDP]);

function newSocket(event: ScapEvent): Descriptor {
  const type = (event.number('type') ?? 0) & SOCKET_TYPE;
  const protocol = event.number('proto') ?? 0;
  const byType = { [SOCKET_TYPES.STREAM]: PROTOCOL.TCP, [SOCKET_TYPES.DGRAM]: PROTOCOL.UDP }[type] ?? 0;
  const l4 = type === SOCKET_TYPES.RAW ? PROTOCOL.RAW : PROTOCOLS.has(protocol) ? protocol : byType;
  const kind = kindOfFamily(event.number('domain') ?? 0);
  const isIp = isIpSocket(kind.charCodeAt(0));
  return descriptor(kind, undefined, { socket: { ...NEW_SOCKET, l4: isIp ? l4 : 0 } });
}

function accepted(event: ScapEvent): Descriptor {
  const tuple = readTuple(event.bytes('tuple'));
  if (!tuple) return descriptor('o');
  const before: Socket = { ...NEW_SOCKET, l4: tuple.path ? 0 : PROTOCOL.TCP, connected: true };
  return descriptor(kindOf(tuple), tuple.path, { socket: connectedSocket(before, tuple, true) });
}

/** A datagram: its ends are those of the socket, unless that is connected. */
function message(event: ScapEvent, { descriptors }: Process, isReceived: boolean): void {
  const fd = event.number('fd') ?? -1;
  const tuple = readTuple(event.bytes('tuple'));
  if (!tuple) return;
  const found = descriptors.get(fd);
  const socket = found ? found.socket : { ...NEW_SOCKET, l4: tuple.path ? 0 : PROTOCOL.UDP };
  if (!socket || socket.connected) return;
  const isServer = isReceived || (socket.role === DESCRIPTOR_ROLE.SERVER && found !== undefined);
  const isSwapped = isReceived;
  const ends = connectedSocket(socket, tuple, isSwapped);
  const changed = { ...ends, role: isServer ? DESCRIPTOR_ROLE.SERVER : DESCRIPTOR_ROLE.CLIENT };
  if (found && isSameEnds(changed, socket)) return;
  const before = found ?? descriptor(kindOf(tuple), tuple.path);
  descriptors.set(fd, { ...before, kind: kindOf(tuple), name: tuple.path ?? before.name, socket: changed });
}

function isSameEnds(one: Socket, other: Socket): boolean {
  return (['local', 'remote'] as const).every(
    (end) => one[end].port === other[end].port && Buffer.compare(one[end].address, other[end].address) === 0,
  );
}
