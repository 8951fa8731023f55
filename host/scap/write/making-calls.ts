// The calls that give a reader of savefiles a descriptor.

import { DESCRIPTOR_ROLE } from '../../schema/event-structs.ts';
import { encodeSocketAddress, encodeTuple } from '../format/addresses.ts';
import { AT_FDCWD, O_DIRECTORY, PROTOCOL } from '../format/calls.ts';
import { statDevice } from '../format/numbers.ts';
import type { Values } from './encode.ts';
import { familyOf, tupleOf, type UsedDescriptor } from './used-descriptor.ts';

type Call = readonly [name: string, values: Values];

/** libs' open flags. */
const O_RDONLY = 1;
const FAMILY_NETLINK = 16;
const TYPES = { STREAM: 1, DGRAM: 2, RAW: 3 } as const;

export function makingCalls(fd: number, one: UsedDescriptor): Call[] {
  switch (one.kind) {
    case 'f':
    case 'd':
      return [opening(fd, one)];
    case '4':
    case '6':
      return socketCalls(fd, one);
    case 'u':
      return unixCalls(fd, one);
    case 'n':
      return [['socket', { fd, domain: FAMILY_NETLINK, type: TYPES.RAW }]];
    case 'm':
      return [['memfd_create', { fd, name: one.name }]];
    case 'p':
      return [['pipe2', { res: 0, fd1: fd, fd2: fd, ino: one.inode }]];
    default: {
      const name = BY_KIND[one.kind];
      return name === undefined ? [['close', { res: 0, fd }]] : [[name, { res: fd, fd }]];
    }
  }
}

/** Calls that make descriptors without a name. */
const BY_KIND: Readonly<Record<string, string>> = {
  e: 'eventfd2',
  s: 'signalfd4',
  l: 'epoll_create1',
  i: 'inotify_init1',
  t: 'timerfd_create',
  r: 'io_uring_setup',
  P: 'pidfd_open',
};

function opening(fd: number, { kind, name, device, inode }: UsedDescriptor): Call {
  const flags = O_RDONLY | (kind === 'd' ? O_DIRECTORY : 0);
  return ['openat', { fd, dirfd: AT_FDCWD, name, flags, dev: statDevice(device), ino: inode }];
}

function socketCalls(fd: number, one: UsedDescriptor): Call[] {
  const isTcp = one.l4 === PROTOCOL.TCP;
  const type = isTcp ? TYPES.STREAM : one.l4 === PROTOCOL.RAW ? TYPES.RAW : TYPES.DGRAM;
  const made: Call = ['socket', { fd, domain: familyOf(one.kind), type, proto: one.l4 === PROTOCOL.RAW ? 0 : one.l4 }];
  const tuple = tupleOf(one, one.role === DESCRIPTOR_ROLE.SERVER);
  const isAccepted = tuple !== undefined && one.role === DESCRIPTOR_ROLE.SERVER && isTcp;
  if (isAccepted) return [['accept4', { fd, tuple: encodeTuple(tuple) }]];
  const bound: Call[] =
    one.role === DESCRIPTOR_ROLE.SERVER && one.local.port !== 0
      ? [['bind', { res: 0, fd, addr: localAddress(one) }]]
      : [];
  const connected: Call[] =
    tuple && one.role !== DESCRIPTOR_ROLE.SERVER
      ? [['connect', { res: 0, fd, tuple: encodeTuple(tuple), addr: remoteAddress(one) }]]
      : [];
  return [made, ...bound, ...connected];
}

function localAddress({ kind, local }: UsedDescriptor): Uint8Array {
  return encodeSocketAddress({ family: familyOf(kind) ?? 0, ...local, path: undefined });
}

function remoteAddress({ kind, remote }: UsedDescriptor): Uint8Array {
  return encodeSocketAddress({ family: familyOf(kind) ?? 0, ...remote, path: undefined });
}

function unixCalls(fd: number, one: UsedDescriptor): Call[] {
  const made: Call = ['socket', { fd, domain: familyOf(one.kind), type: TYPES.STREAM }];
  const tuple = tupleOf(one, false);
  const hasName = one.name.length > 0 || one.remote.address.some((byte) => byte !== 0);
  return tuple && hasName ? [made, ['connect', { res: 0, fd, tuple: encodeTuple(tuple) }]] : [made];
}

export function directory(path: Uint8Array): UsedDescriptor {
  const nowhere = { address: new Uint8Array(0), port: 0 };
  return {
    kind: 'd',
    name: path,
    device: 0,
    inode: 0n,
    l4: 0,
    role: DESCRIPTOR_ROLE.NONE,
    local: nowhere,
    remote: nowhere,
  };
}
