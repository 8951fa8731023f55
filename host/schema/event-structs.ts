// The fixed part of an event record: the header that all have, then one of a few shapes. Event types of the same
// shape share their BPF code; events/ says which type has which shape.

import { defineStruct, type MemberSpec, member, type Struct } from './layout.ts';

/** What every record starts with. 64 bytes, one cache line. */
const HEADER = [
  {
    name: 'commit',
    type: 'u64',
    doc: 'ring position + secret of this start, written last; marks the record complete',
  },
  { name: 'size', type: 'u32', doc: 'bytes of the record, strings and padding included; a multiple of 8' },
  { name: 'type', type: 'u16', doc: 'event type number' },
  { name: 'flags', type: 'u16', doc: 'EVENT_FLAGS' },
  { name: 'time', type: 'u64', doc: 'ns since the epoch, taken at syscall exit' },
  { name: 'image', type: 'u64', doc: 'process image id; 0 where the kernel had none' },
  { name: 'sequence', type: 'u64', doc: 'number of the event on its CPU, counting dropped ones too, from 1' },
  { name: 'result', type: 'i64', doc: 'return value of the syscall' },
  { name: 'tid', type: 'u32', doc: 'thread id in the root pid namespace' },
  { name: 'cpu', type: 'u16', doc: 'CPU whose ring holds the record' },
  { name: 'reserved', type: 'u16', doc: 'ENFORCED (host/schema/enforced.ts); 0: nothing' },
  { name: 'fd', type: 'i32', doc: 'descriptor number the event works on; -1 where it has none or creating it failed' },
  {
    name: 'image_address',
    type: 'u32',
    doc: 'address of the process image in the sandbox, written by the reader; never 0 once complete',
  },
] as const satisfies readonly MemberSpec[];

/** A member of all shapes that name files, at the same place in each. */
const OTHER_VIEW = {
  name: 'other_view',
  type: 'u32',
  doc: 'with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader',
} as const satisfies MemberSpec;

/**
 * The file or socket behind a descriptor, as the kernel has it. `kind` is Falco's fd.typechar as an ASCII code, 0 when
 * there is no descriptor.
 */
const DESCRIPTOR = [
  OTHER_VIEW,
  { name: 'device', type: 'u32', doc: 'dev_t of the file system (kernel encoding: major << 20 | minor)' },
  { name: 'kind', type: 'u8', doc: 'fd.typechar: f d 4 6 u p e s l i t n b r m P X o; 0 = no descriptor' },
  { name: 'l4', type: 'u8', doc: 'IP protocol number (6 TCP, 17 UDP, 1 and 58 ICMP, 255 raw); 0 = none' },
  { name: 'role', type: 'u8', doc: 'DESCRIPTOR_ROLE' },
  { name: 'state', type: 'u8', doc: 'DESCRIPTOR_STATE bits' },
  { name: 'local_port', type: 'u16', doc: 'host byte order' },
  { name: 'remote_port', type: 'u16', doc: 'host byte order' },
  { name: 'file_mode', type: 'u32', doc: 'inode mode bits' },
  { name: 'padding', type: 'u32', doc: '0' },
  { name: 'inode', type: 'u64', doc: 'inode number' },
  { name: 'local_address', type: 'address', doc: 'local end (unix: address of the socket in its first 8 bytes)' },
  { name: 'remote_address', type: 'address', doc: 'remote end (unix: address of the peer in its first 8 bytes)' },
  {
    name: 'name',
    type: 'string',
    by: 'reader',
    doc: 'fd.name: absolute lexical path, connection, or unix path; completed by the reader',
  },
  { name: 'raw', type: 'string', doc: 'path as passed to the syscall' },
  { name: 'resolved', type: 'string', doc: 'path as the kernel resolved it (dentry walk across mounts)' },
  { name: 'directory', type: 'string', doc: 'path of dirfd, where raw is relative or a handle belongs to it' },
] as const satisfies readonly MemberSpec[];

function body<const Spec extends MemberSpec>(name: string, doc: string, members: readonly Spec[]) {
  return defineStruct(name, doc, [...HEADER, ...members]);
}

export const EVENT_HEADER = defineStruct('event_header', 'What every event record starts with.', HEADER);

export const EVENT_STRUCTS = {
  open: body('event_open', 'calls that open a file', [
    ...DESCRIPTOR,
    {
      name: 'dirfd',
      type: 'i32',
      doc: 'directory descriptor passed (by handle: of the mount); AT_FDCWD for open and creat',
    },
    { name: 'open_flags', type: 'u32', doc: "flags in the kernel's numbers" },
    { name: 'mode', type: 'u32', doc: 'mode passed' },
    { name: 'resolve', type: 'u32', doc: 'openat2: resolve flags' },
    {
      name: 'elsewhere',
      type: 'string',
      doc: 'another path of the file: by a hard link, or without the bind mount or the own root that it was reached by',
    },
  ]),
  exec: body('event_exec', 'execve, execveat', [
    { name: 'raw', type: 'string', doc: 'path as passed (of a failed call; the image has the rest)' },
    { name: 'name', type: 'string', by: 'reader', doc: 'the same, absolute; completed by the reader' },
    { name: 'directory', type: 'string', doc: 'path of dirfd, where raw is relative' },
    { name: 'dirfd', type: 'i32', doc: 'directory descriptor; AT_FDCWD for execve' },
    { name: 'at_flags', type: 'u32', doc: 'execveat: AT_* flags' },
  ]),
  descriptor: body('event_descriptor', 'calls on or making a descriptor', [
    ...DESCRIPTOR,
    { name: 'old_fd', type: 'i32', doc: 'dup*: descriptor duplicated' },
    { name: 'new_fd', type: 'i32', doc: 'dup2, dup3: descriptor asked for; fsconfig: aux' },
    {
      name: 'call_flags',
      type: 'u32',
      doc: 'flags passed (dup3, memfd_create, finit_module, userfaultfd, mmap, setns nstype), or the command of bpf or fsconfig',
    },
    { name: 'mode', type: 'u32', doc: 'fchmod: mode; mmap, mprotect: protection' },
    { name: 'owner', type: 'u32', doc: 'fchown: user' },
    { name: 'group', type: 'u32', doc: 'fchown: group' },
    {
      name: 'text',
      type: 'string',
      doc: 'finit_module: parameters; memfd_create: name; f*xattr: name of the attribute; fsopen: type; fsconfig: key',
    },
    { name: 'value', type: 'string', doc: 'fsconfig: value, where it is a text' },
    { name: 'elsewhere', type: 'string', doc: 'another path of the file, as of open' },
    { name: 'numbers', type: 'u64', count: 3, doc: 'mmap, mprotect: address, length; mmap: offset in the file' },
  ]),
  network: body('event_network', 'socket, bind, listen, connect, accept, accept4, send*, recv*', [
    ...DESCRIPTOR,
    { name: 'domain', type: 'u32', doc: 'socket: address family' },
    { name: 'socket_type', type: 'u32', doc: 'socket: type without flags' },
    { name: 'protocol', type: 'u32', doc: 'socket: protocol' },
    { name: 'call_flags', type: 'u32', doc: 'accept4, send*, recv*: flags' },
    { name: 'backlog', type: 'i32', doc: 'listen: backlog' },
    {
      name: 'length',
      type: 'u32',
      doc: 'sendto, recvfrom: bytes asked for; sendmsg, sendmmsg, recvmsg, recvmmsg: bytes sent or received',
    },
    { name: 'queue_length', type: 'u32', doc: 'accept: pending connections' },
    { name: 'queue_max', type: 'u32', doc: 'accept: backlog of the listener' },
    {
      name: 'passed_family',
      type: 'u16',
      doc: 'bind, connect, send*: address passed; recv*: that of the sender; 0 = none',
    },
    { name: 'passed_port', type: 'u16', doc: 'host byte order' },
    { name: 'passed_address', type: 'address', doc: 'address passed' },
    { name: 'pad', type: 'u32', doc: '0' },
    { name: 'passed_path', type: 'string', doc: 'unix: path passed' },
    { name: 'data', type: 'string', doc: 'send*, recv*: the first bytes, at most 80 as in Falco' },
  ]),
  path: body('event_path', 'calls on one path', [
    OTHER_VIEW,
    { name: 'raw', type: 'string', doc: 'path as passed' },
    { name: 'name', type: 'string', by: 'reader', doc: 'absolute lexical path; completed by the reader' },
    {
      name: 'directory',
      type: 'string',
      doc: 'path of dirfd, and of the current directory where it is AT_FDCWD',
    },
    { name: 'dirfd', type: 'i32', doc: 'directory descriptor; AT_FDCWD where the call has none' },
    { name: 'call_flags', type: 'u32', doc: 'unlinkat, umount2, fchownat, open_tree: flags; mknod*: device' },
    { name: 'mode', type: 'u32', doc: 'mkdir*, mknod*, chmod, fchmodat: mode' },
    { name: 'owner', type: 'u32', doc: '*chown*: user' },
    { name: 'group', type: 'u32', doc: '*chown*: group' },
    { name: 'text', type: 'string', doc: '*xattr*: name of the attribute' },
    {
      name: 'base',
      type: 'string',
      doc: 'another path of what raw starts from (directory, current directory, own root), as `elsewhere` of open',
    },
  ]),
  paths: body('event_paths', 'calls on two paths', [
    OTHER_VIEW,
    {
      name: 'old_raw',
      type: 'string',
      doc: 'first path as passed (symlink: target text; mount: device; mount_setattr: none)',
    },
    {
      name: 'old_name',
      type: 'string',
      by: 'reader',
      doc: 'the same, absolute (not for symlink targets); completed by the reader',
    },
    { name: 'old_directory', type: 'string', doc: 'path of its dirfd' },
    { name: 'new_raw', type: 'string', doc: 'second path as passed (symlink: linkpath; mount: mount point)' },
    { name: 'new_name', type: 'string', by: 'reader', doc: 'the same, absolute; completed by the reader' },
    { name: 'new_directory', type: 'string', doc: 'path of its dirfd' },
    { name: 'text', type: 'string', doc: 'mount: file system type; move_mount: that of a new mount' },
    { name: 'device', type: 'string', doc: 'move_mount: what a new mount is of' },
    { name: 'old_dirfd', type: 'i32', doc: 'AT_FDCWD where the call has none' },
    { name: 'new_dirfd', type: 'i32', doc: 'AT_FDCWD where the call has none' },
    { name: 'pad', type: 'u32', doc: '0' },
    {
      name: 'call_flags',
      type: 'u64',
      doc: 'renameat2, linkat, mount: flags; move_mount, mount_setattr: those of an equivalent mount',
    },
    { name: 'old_base', type: 'string', doc: 'another path of what old_raw starts from, as `base` of path' },
    { name: 'new_base', type: 'string', doc: 'the same of new_raw' },
  ]),
  process: body(
    'event_process',
    'calls with numeric arguments only (setuid, ptrace, kill, the clone family, ...), or reported by name only',
    [
      { name: 'numbers', type: 'u64', count: 4, doc: 'arguments, in the order of events/' },
      { name: 'text', type: 'string', doc: 'init_module: parameters' },
    ],
  ),
} as const satisfies Record<string, Struct>;

/** Where other_view is, in the shapes that have it. */
export const OTHER_VIEW_OFFSET = member(EVENT_STRUCTS.open, OTHER_VIEW.name).offset;

export function hasViews({ members }: Struct): boolean {
  return members.some(({ name }) => name === OTHER_VIEW.name);
}

/** The strings that the reader completes, from the others. */
export function completedStrings({ members }: Struct): readonly string[] {
  return members.flatMap(({ name, type, by }) => (type === 'string' && by === 'reader' ? [name] : []));
}

/**
 * Bytes of the longest record: the fixed part, seven strings (rename's), and slack for the copies that the verifier wants to see bounded.
 * The slack behind each ring is as long, so that no record wraps.
 */
export const LONGEST_RECORD = 32_768;

/** Views of one event, the record itself included. An exchange of two files may have three pairs of names, each both ways. */
export const MOST_VIEWS = 6;

export type EventShape = keyof typeof EVENT_STRUCTS;

/** header.flags */
export const EVENT_FLAGS = {
  /** A string of the record was cut to its limit. */
  TRUNCATED: 1,
  /** Thread is not the main thread of its process. */
  THREAD: 2,
  /** The user-space half (image_address, names) is complete. */
  COMPLETE: 4,
  /** Made by the test builder: fields without a place in the layout are in an attribute table at the end of the record. */
  SYNTHETIC: 8,
  /** Requested through io_uring instead of a system call. */
  IO_URING: 16,
  /** A 32-bit system call: of a 32-bit program, or by `int 0x80`. */
  COMPAT: 32,
  /**
   * The resolved names differ from those passed, or the call does the work of another (open_by_handle_at: openat, a message of sendmmsg or
   * recvmmsg: sendmsg or recvmsg). There is another view: a second copy of the record's fixed part, with the resolved names, or with the
   * other call's type. Rules are evaluated on all views. An opened file with another path may have a third view; then the second one has
   * this flag as well.
   */
  TWO_VIEWS: 64,
  /** This is not the first view. The size of the last view is the distance to the next event's record. */
  RESOLVED_VIEW: 128,
  /** A copy is held back and evaluated once the container of its process is known. Set by the reader. */
  HELD: 256,
} as const;

/** Flags that the reader sets: they have no meaning in another memory. */
export const READER_FLAGS = EVENT_FLAGS.COMPLETE | EVENT_FLAGS.TWO_VIEWS | EVENT_FLAGS.RESOLVED_VIEW | EVENT_FLAGS.HELD;

/** descriptor.role: which end of a connection the socket is. */
export const DESCRIPTOR_ROLE = { NONE: 0, CLIENT: 1, SERVER: 2 } as const;

/** descriptor.state */
export const DESCRIPTOR_STATE = {
  CONNECTED: 1,
  NAME_CHANGED: 2,
  UPPER_LAYER: 4,
  LOWER_LAYER: 8,
  /** open: the call made the file. */
  CREATED: 16,
  /** `resolved` is not the true path: the walk gave up (too deep, or unmounted). */
  PARTIAL: 32,
  /** The file was unlinked. */
  DELETED: 64,
} as const;
