// Generated from host/schema by `npm run schema`. Do not edit.

import { textOf } from '../text';

export const EVENT_FLAG_TRUNCATED: u32 = 1;
export const EVENT_FLAG_THREAD: u32 = 2;
export const EVENT_FLAG_COMPLETE: u32 = 4;
export const EVENT_FLAG_SYNTHETIC: u32 = 8;
export const EVENT_FLAG_IO_URING: u32 = 16;
export const EVENT_FLAG_COMPAT: u32 = 32;
export const EVENT_FLAG_TWO_VIEWS: u32 = 64;
export const EVENT_FLAG_RESOLVED_VIEW: u32 = 128;
export const EVENT_FLAG_HELD: u32 = 256;

export const ROLE_NONE: u32 = 0;
export const ROLE_CLIENT: u32 = 1;
export const ROLE_SERVER: u32 = 2;

export const DESCRIPTOR_CONNECTED: u32 = 1;
export const DESCRIPTOR_NAME_CHANGED: u32 = 2;
export const DESCRIPTOR_UPPER_LAYER: u32 = 4;
export const DESCRIPTOR_LOWER_LAYER: u32 = 8;
export const DESCRIPTOR_CREATED: u32 = 16;
export const DESCRIPTOR_PARTIAL: u32 = 32;
export const DESCRIPTOR_DELETED: u32 = 64;

export const IMAGE_FLAG_EXE_WRITABLE: u32 = 1;
export const IMAGE_FLAG_EXE_UPPER_LAYER: u32 = 2;
export const IMAGE_FLAG_EXE_FROM_MEMFD: u32 = 4;
export const IMAGE_FLAG_EXE_LOWER_LAYER: u32 = 8;
export const IMAGE_FLAG_TRUNCATED: u32 = 16;
export const IMAGE_FLAG_EXITED: u32 = 32;
export const IMAGE_FLAG_KERNEL_THREAD: u32 = 64;
export const IMAGE_FLAG_UNKNOWN: u32 = 128;
export const IMAGE_FLAG_THREAD: u32 = 256;

export const CANDIDATE_WORDS: u32 = 32;

export const LONGEST_CHAIN: u32 = 1024;

export const NAMES_ADDRESS: u32 = 65536;
export const NAMES_SLOTS: u32 = 2048;

export const AUDIT_VALUES: u32 = 848;
export const AUDIT_VALUE_SIZE: u32 = 8;

export const NAMED_ADDRESS_SIZE: u32 = 32;

// -- event_header: What every event record starts with.

/** ring position + secret of this start, written last; marks the record complete */
// @ts-ignore: decorator
@inline export function headerCommit(base: u32): u64 {
  return load<u64>(base, 0);
}

/** bytes of the record, strings and padding included; a multiple of 8 */
// @ts-ignore: decorator
@inline export function headerSize(base: u32): u32 {
  return load<u32>(base, 8);
}

/** event type number */
// @ts-ignore: decorator
@inline export function headerType(base: u32): u16 {
  return load<u16>(base, 12);
}

/** EVENT_FLAGS */
// @ts-ignore: decorator
@inline export function headerFlags(base: u32): u16 {
  return load<u16>(base, 14);
}

/** ns since the epoch, taken at syscall exit */
// @ts-ignore: decorator
@inline export function headerTime(base: u32): u64 {
  return load<u64>(base, 16);
}

/** process image id; 0 where the kernel had none */
// @ts-ignore: decorator
@inline export function headerImage(base: u32): u64 {
  return load<u64>(base, 24);
}

/** number of the event on its CPU, counting dropped ones too, from 1 */
// @ts-ignore: decorator
@inline export function headerSequence(base: u32): u64 {
  return load<u64>(base, 32);
}

/** return value of the syscall */
// @ts-ignore: decorator
@inline export function headerResult(base: u32): i64 {
  return load<i64>(base, 40);
}

/** thread id in the root pid namespace */
// @ts-ignore: decorator
@inline export function headerTid(base: u32): u32 {
  return load<u32>(base, 48);
}

/** CPU whose ring holds the record */
// @ts-ignore: decorator
@inline export function headerCpu(base: u32): u16 {
  return load<u16>(base, 52);
}

/** ENFORCED (host/schema/enforced.ts); 0: nothing */
// @ts-ignore: decorator
@inline export function headerReserved(base: u32): u16 {
  return load<u16>(base, 54);
}

/** descriptor number the event works on; -1 where it has none or creating it failed */
// @ts-ignore: decorator
@inline export function headerFd(base: u32): i32 {
  return load<i32>(base, 56);
}

/** address of the process image in the sandbox, written by the reader; never 0 once complete */
// @ts-ignore: decorator
@inline export function headerImageAddress(base: u32): u32 {
  return load<u32>(base, 60);
}

// -- event_open: calls that open a file

/** with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
// @ts-ignore: decorator
@inline export function openOtherView(base: u32): u32 {
  return load<u32>(base, 64);
}

/** dev_t of the file system (kernel encoding: major << 20 | minor) */
// @ts-ignore: decorator
@inline export function openDevice(base: u32): u32 {
  return load<u32>(base, 68);
}

/** fd.typechar: f d 4 6 u p e s l i t n b r m P X o; 0 = no descriptor */
// @ts-ignore: decorator
@inline export function openKind(base: u32): u8 {
  return load<u8>(base, 72);
}

/** IP protocol number (6 TCP, 17 UDP, 1 and 58 ICMP, 255 raw); 0 = none */
// @ts-ignore: decorator
@inline export function openL4(base: u32): u8 {
  return load<u8>(base, 73);
}

/** DESCRIPTOR_ROLE */
// @ts-ignore: decorator
@inline export function openRole(base: u32): u8 {
  return load<u8>(base, 74);
}

/** DESCRIPTOR_STATE bits */
// @ts-ignore: decorator
@inline export function openState(base: u32): u8 {
  return load<u8>(base, 75);
}

/** host byte order */
// @ts-ignore: decorator
@inline export function openLocalPort(base: u32): u16 {
  return load<u16>(base, 76);
}

/** host byte order */
// @ts-ignore: decorator
@inline export function openRemotePort(base: u32): u16 {
  return load<u16>(base, 78);
}

/** inode mode bits */
// @ts-ignore: decorator
@inline export function openFileMode(base: u32): u32 {
  return load<u32>(base, 80);
}

/** 0 */
// @ts-ignore: decorator
@inline export function openPadding(base: u32): u32 {
  return load<u32>(base, 84);
}

/** inode number */
// @ts-ignore: decorator
@inline export function openInode(base: u32): u64 {
  return load<u64>(base, 88);
}

/** local end (unix: address of the socket in its first 8 bytes) */
// @ts-ignore: decorator
@inline export function openLocalAddress(base: u32): u32 {
  return base + 96;
}

/** remote end (unix: address of the peer in its first 8 bytes) */
// @ts-ignore: decorator
@inline export function openRemoteAddress(base: u32): u32 {
  return base + 112;
}

/** fd.name: absolute lexical path, connection, or unix path; completed by the reader */
// @ts-ignore: decorator
@inline export function openName(base: u32): u64 {
  return textOf(base, load<u64>(base, 128));
}

/** path as passed to the syscall */
// @ts-ignore: decorator
@inline export function openRaw(base: u32): u64 {
  return textOf(base, load<u64>(base, 136));
}

/** path as the kernel resolved it (dentry walk across mounts) */
// @ts-ignore: decorator
@inline export function openResolved(base: u32): u64 {
  return textOf(base, load<u64>(base, 144));
}

/** path of dirfd, where raw is relative or a handle belongs to it */
// @ts-ignore: decorator
@inline export function openDirectory(base: u32): u64 {
  return textOf(base, load<u64>(base, 152));
}

/** directory descriptor passed (by handle: of the mount); AT_FDCWD for open and creat */
// @ts-ignore: decorator
@inline export function openDirfd(base: u32): i32 {
  return load<i32>(base, 160);
}

/** flags in the kernel's numbers */
// @ts-ignore: decorator
@inline export function openOpenFlags(base: u32): u32 {
  return load<u32>(base, 164);
}

/** mode passed */
// @ts-ignore: decorator
@inline export function openMode(base: u32): u32 {
  return load<u32>(base, 168);
}

/** openat2: resolve flags */
// @ts-ignore: decorator
@inline export function openResolve(base: u32): u32 {
  return load<u32>(base, 172);
}

/** another path of the file: by a hard link, or without the bind mount or the own root that it was reached by */
// @ts-ignore: decorator
@inline export function openElsewhere(base: u32): u64 {
  return textOf(base, load<u64>(base, 176));
}

// -- event_exec: execve, execveat

/** path as passed (of a failed call; the image has the rest) */
// @ts-ignore: decorator
@inline export function execRaw(base: u32): u64 {
  return textOf(base, load<u64>(base, 64));
}

/** the same, absolute; completed by the reader */
// @ts-ignore: decorator
@inline export function execName(base: u32): u64 {
  return textOf(base, load<u64>(base, 72));
}

/** path of dirfd, where raw is relative */
// @ts-ignore: decorator
@inline export function execDirectory(base: u32): u64 {
  return textOf(base, load<u64>(base, 80));
}

/** directory descriptor; AT_FDCWD for execve */
// @ts-ignore: decorator
@inline export function execDirfd(base: u32): i32 {
  return load<i32>(base, 88);
}

/** execveat: AT_* flags */
// @ts-ignore: decorator
@inline export function execAtFlags(base: u32): u32 {
  return load<u32>(base, 92);
}

// -- event_descriptor: calls on or making a descriptor

/** with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
// @ts-ignore: decorator
@inline export function descriptorOtherView(base: u32): u32 {
  return load<u32>(base, 64);
}

/** dev_t of the file system (kernel encoding: major << 20 | minor) */
// @ts-ignore: decorator
@inline export function descriptorDevice(base: u32): u32 {
  return load<u32>(base, 68);
}

/** fd.typechar: f d 4 6 u p e s l i t n b r m P X o; 0 = no descriptor */
// @ts-ignore: decorator
@inline export function descriptorKind(base: u32): u8 {
  return load<u8>(base, 72);
}

/** IP protocol number (6 TCP, 17 UDP, 1 and 58 ICMP, 255 raw); 0 = none */
// @ts-ignore: decorator
@inline export function descriptorL4(base: u32): u8 {
  return load<u8>(base, 73);
}

/** DESCRIPTOR_ROLE */
// @ts-ignore: decorator
@inline export function descriptorRole(base: u32): u8 {
  return load<u8>(base, 74);
}

/** DESCRIPTOR_STATE bits */
// @ts-ignore: decorator
@inline export function descriptorState(base: u32): u8 {
  return load<u8>(base, 75);
}

/** host byte order */
// @ts-ignore: decorator
@inline export function descriptorLocalPort(base: u32): u16 {
  return load<u16>(base, 76);
}

/** host byte order */
// @ts-ignore: decorator
@inline export function descriptorRemotePort(base: u32): u16 {
  return load<u16>(base, 78);
}

/** inode mode bits */
// @ts-ignore: decorator
@inline export function descriptorFileMode(base: u32): u32 {
  return load<u32>(base, 80);
}

/** 0 */
// @ts-ignore: decorator
@inline export function descriptorPadding(base: u32): u32 {
  return load<u32>(base, 84);
}

/** inode number */
// @ts-ignore: decorator
@inline export function descriptorInode(base: u32): u64 {
  return load<u64>(base, 88);
}

/** local end (unix: address of the socket in its first 8 bytes) */
// @ts-ignore: decorator
@inline export function descriptorLocalAddress(base: u32): u32 {
  return base + 96;
}

/** remote end (unix: address of the peer in its first 8 bytes) */
// @ts-ignore: decorator
@inline export function descriptorRemoteAddress(base: u32): u32 {
  return base + 112;
}

/** fd.name: absolute lexical path, connection, or unix path; completed by the reader */
// @ts-ignore: decorator
@inline export function descriptorName(base: u32): u64 {
  return textOf(base, load<u64>(base, 128));
}

/** path as passed to the syscall */
// @ts-ignore: decorator
@inline export function descriptorRaw(base: u32): u64 {
  return textOf(base, load<u64>(base, 136));
}

/** path as the kernel resolved it (dentry walk across mounts) */
// @ts-ignore: decorator
@inline export function descriptorResolved(base: u32): u64 {
  return textOf(base, load<u64>(base, 144));
}

/** path of dirfd, where raw is relative or a handle belongs to it */
// @ts-ignore: decorator
@inline export function descriptorDirectory(base: u32): u64 {
  return textOf(base, load<u64>(base, 152));
}

/** dup*: descriptor duplicated */
// @ts-ignore: decorator
@inline export function descriptorOldFd(base: u32): i32 {
  return load<i32>(base, 160);
}

/** dup2, dup3: descriptor asked for; fsconfig: aux */
// @ts-ignore: decorator
@inline export function descriptorNewFd(base: u32): i32 {
  return load<i32>(base, 164);
}

/** flags passed (dup3, memfd_create, finit_module, userfaultfd, mmap, setns nstype), or the command of bpf or fsconfig */
// @ts-ignore: decorator
@inline export function descriptorCallFlags(base: u32): u32 {
  return load<u32>(base, 168);
}

/** fchmod: mode; mmap, mprotect: protection */
// @ts-ignore: decorator
@inline export function descriptorMode(base: u32): u32 {
  return load<u32>(base, 172);
}

/** fchown: user */
// @ts-ignore: decorator
@inline export function descriptorOwner(base: u32): u32 {
  return load<u32>(base, 176);
}

/** fchown: group */
// @ts-ignore: decorator
@inline export function descriptorGroup(base: u32): u32 {
  return load<u32>(base, 180);
}

/** finit_module: parameters; memfd_create: name; f*xattr: name of the attribute; fsopen: type; fsconfig: key */
// @ts-ignore: decorator
@inline export function descriptorText(base: u32): u64 {
  return textOf(base, load<u64>(base, 184));
}

/** fsconfig: value, where it is a text */
// @ts-ignore: decorator
@inline export function descriptorValue(base: u32): u64 {
  return textOf(base, load<u64>(base, 192));
}

/** another path of the file, as of open */
// @ts-ignore: decorator
@inline export function descriptorElsewhere(base: u32): u64 {
  return textOf(base, load<u64>(base, 200));
}

/** mmap, mprotect: address, length; mmap: offset in the file */
// @ts-ignore: decorator
@inline export function descriptorNumbers(base: u32, index: u32): u64 {
  return load<u64>(base + (index << 3), 208);
}

// -- event_network: socket, bind, listen, connect, accept, accept4, send*, recv*

/** with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
// @ts-ignore: decorator
@inline export function networkOtherView(base: u32): u32 {
  return load<u32>(base, 64);
}

/** dev_t of the file system (kernel encoding: major << 20 | minor) */
// @ts-ignore: decorator
@inline export function networkDevice(base: u32): u32 {
  return load<u32>(base, 68);
}

/** fd.typechar: f d 4 6 u p e s l i t n b r m P X o; 0 = no descriptor */
// @ts-ignore: decorator
@inline export function networkKind(base: u32): u8 {
  return load<u8>(base, 72);
}

/** IP protocol number (6 TCP, 17 UDP, 1 and 58 ICMP, 255 raw); 0 = none */
// @ts-ignore: decorator
@inline export function networkL4(base: u32): u8 {
  return load<u8>(base, 73);
}

/** DESCRIPTOR_ROLE */
// @ts-ignore: decorator
@inline export function networkRole(base: u32): u8 {
  return load<u8>(base, 74);
}

/** DESCRIPTOR_STATE bits */
// @ts-ignore: decorator
@inline export function networkState(base: u32): u8 {
  return load<u8>(base, 75);
}

/** host byte order */
// @ts-ignore: decorator
@inline export function networkLocalPort(base: u32): u16 {
  return load<u16>(base, 76);
}

/** host byte order */
// @ts-ignore: decorator
@inline export function networkRemotePort(base: u32): u16 {
  return load<u16>(base, 78);
}

/** inode mode bits */
// @ts-ignore: decorator
@inline export function networkFileMode(base: u32): u32 {
  return load<u32>(base, 80);
}

/** 0 */
// @ts-ignore: decorator
@inline export function networkPadding(base: u32): u32 {
  return load<u32>(base, 84);
}

/** inode number */
// @ts-ignore: decorator
@inline export function networkInode(base: u32): u64 {
  return load<u64>(base, 88);
}

/** local end (unix: address of the socket in its first 8 bytes) */
// @ts-ignore: decorator
@inline export function networkLocalAddress(base: u32): u32 {
  return base + 96;
}

/** remote end (unix: address of the peer in its first 8 bytes) */
// @ts-ignore: decorator
@inline export function networkRemoteAddress(base: u32): u32 {
  return base + 112;
}

/** fd.name: absolute lexical path, connection, or unix path; completed by the reader */
// @ts-ignore: decorator
@inline export function networkName(base: u32): u64 {
  return textOf(base, load<u64>(base, 128));
}

/** path as passed to the syscall */
// @ts-ignore: decorator
@inline export function networkRaw(base: u32): u64 {
  return textOf(base, load<u64>(base, 136));
}

/** path as the kernel resolved it (dentry walk across mounts) */
// @ts-ignore: decorator
@inline export function networkResolved(base: u32): u64 {
  return textOf(base, load<u64>(base, 144));
}

/** path of dirfd, where raw is relative or a handle belongs to it */
// @ts-ignore: decorator
@inline export function networkDirectory(base: u32): u64 {
  return textOf(base, load<u64>(base, 152));
}

/** socket: address family */
// @ts-ignore: decorator
@inline export function networkDomain(base: u32): u32 {
  return load<u32>(base, 160);
}

/** socket: type without flags */
// @ts-ignore: decorator
@inline export function networkSocketType(base: u32): u32 {
  return load<u32>(base, 164);
}

/** socket: protocol */
// @ts-ignore: decorator
@inline export function networkProtocol(base: u32): u32 {
  return load<u32>(base, 168);
}

/** accept4, send*, recv*: flags */
// @ts-ignore: decorator
@inline export function networkCallFlags(base: u32): u32 {
  return load<u32>(base, 172);
}

/** listen: backlog */
// @ts-ignore: decorator
@inline export function networkBacklog(base: u32): i32 {
  return load<i32>(base, 176);
}

/** sendto, recvfrom: bytes asked for; sendmsg, sendmmsg, recvmsg, recvmmsg: bytes sent or received */
// @ts-ignore: decorator
@inline export function networkLength(base: u32): u32 {
  return load<u32>(base, 180);
}

/** accept: pending connections */
// @ts-ignore: decorator
@inline export function networkQueueLength(base: u32): u32 {
  return load<u32>(base, 184);
}

/** accept: backlog of the listener */
// @ts-ignore: decorator
@inline export function networkQueueMax(base: u32): u32 {
  return load<u32>(base, 188);
}

/** bind, connect, send*: address passed; recv*: that of the sender; 0 = none */
// @ts-ignore: decorator
@inline export function networkPassedFamily(base: u32): u16 {
  return load<u16>(base, 192);
}

/** host byte order */
// @ts-ignore: decorator
@inline export function networkPassedPort(base: u32): u16 {
  return load<u16>(base, 194);
}

/** address passed */
// @ts-ignore: decorator
@inline export function networkPassedAddress(base: u32): u32 {
  return base + 196;
}

/** 0 */
// @ts-ignore: decorator
@inline export function networkPad(base: u32): u32 {
  return load<u32>(base, 212);
}

/** unix: path passed */
// @ts-ignore: decorator
@inline export function networkPassedPath(base: u32): u64 {
  return textOf(base, load<u64>(base, 216));
}

/** send*, recv*: the first bytes, at most 80 as in Falco */
// @ts-ignore: decorator
@inline export function networkData(base: u32): u64 {
  return textOf(base, load<u64>(base, 224));
}

// -- event_path: calls on one path

/** with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
// @ts-ignore: decorator
@inline export function pathOtherView(base: u32): u32 {
  return load<u32>(base, 64);
}

/** path as passed */
// @ts-ignore: decorator
@inline export function pathRaw(base: u32): u64 {
  return textOf(base, load<u64>(base, 68));
}

/** absolute lexical path; completed by the reader */
// @ts-ignore: decorator
@inline export function pathName(base: u32): u64 {
  return textOf(base, load<u64>(base, 76));
}

/** path of dirfd, and of the current directory where it is AT_FDCWD */
// @ts-ignore: decorator
@inline export function pathDirectory(base: u32): u64 {
  return textOf(base, load<u64>(base, 84));
}

/** directory descriptor; AT_FDCWD where the call has none */
// @ts-ignore: decorator
@inline export function pathDirfd(base: u32): i32 {
  return load<i32>(base, 92);
}

/** unlinkat, umount2, fchownat, open_tree: flags; mknod*: device */
// @ts-ignore: decorator
@inline export function pathCallFlags(base: u32): u32 {
  return load<u32>(base, 96);
}

/** mkdir*, mknod*, chmod, fchmodat: mode */
// @ts-ignore: decorator
@inline export function pathMode(base: u32): u32 {
  return load<u32>(base, 100);
}

/** *chown*: user */
// @ts-ignore: decorator
@inline export function pathOwner(base: u32): u32 {
  return load<u32>(base, 104);
}

/** *chown*: group */
// @ts-ignore: decorator
@inline export function pathGroup(base: u32): u32 {
  return load<u32>(base, 108);
}

/** *xattr*: name of the attribute */
// @ts-ignore: decorator
@inline export function pathText(base: u32): u64 {
  return textOf(base, load<u64>(base, 112));
}

/** another path of what raw starts from (directory, current directory, own root), as `elsewhere` of open */
// @ts-ignore: decorator
@inline export function pathBase(base: u32): u64 {
  return textOf(base, load<u64>(base, 120));
}

// -- event_paths: calls on two paths

/** with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
// @ts-ignore: decorator
@inline export function pathsOtherView(base: u32): u32 {
  return load<u32>(base, 64);
}

/** first path as passed (symlink: target text; mount: device; mount_setattr: none) */
// @ts-ignore: decorator
@inline export function pathsOldRaw(base: u32): u64 {
  return textOf(base, load<u64>(base, 68));
}

/** the same, absolute (not for symlink targets); completed by the reader */
// @ts-ignore: decorator
@inline export function pathsOldName(base: u32): u64 {
  return textOf(base, load<u64>(base, 76));
}

/** path of its dirfd */
// @ts-ignore: decorator
@inline export function pathsOldDirectory(base: u32): u64 {
  return textOf(base, load<u64>(base, 84));
}

/** second path as passed (symlink: linkpath; mount: mount point) */
// @ts-ignore: decorator
@inline export function pathsNewRaw(base: u32): u64 {
  return textOf(base, load<u64>(base, 92));
}

/** the same, absolute; completed by the reader */
// @ts-ignore: decorator
@inline export function pathsNewName(base: u32): u64 {
  return textOf(base, load<u64>(base, 100));
}

/** path of its dirfd */
// @ts-ignore: decorator
@inline export function pathsNewDirectory(base: u32): u64 {
  return textOf(base, load<u64>(base, 108));
}

/** mount: file system type; move_mount: that of a new mount */
// @ts-ignore: decorator
@inline export function pathsText(base: u32): u64 {
  return textOf(base, load<u64>(base, 116));
}

/** move_mount: what a new mount is of */
// @ts-ignore: decorator
@inline export function pathsDevice(base: u32): u64 {
  return textOf(base, load<u64>(base, 124));
}

/** AT_FDCWD where the call has none */
// @ts-ignore: decorator
@inline export function pathsOldDirfd(base: u32): i32 {
  return load<i32>(base, 132);
}

/** AT_FDCWD where the call has none */
// @ts-ignore: decorator
@inline export function pathsNewDirfd(base: u32): i32 {
  return load<i32>(base, 136);
}

/** 0 */
// @ts-ignore: decorator
@inline export function pathsPad(base: u32): u32 {
  return load<u32>(base, 140);
}

/** renameat2, linkat, mount: flags; move_mount, mount_setattr: those of an equivalent mount */
// @ts-ignore: decorator
@inline export function pathsCallFlags(base: u32): u64 {
  return load<u64>(base, 144);
}

/** another path of what old_raw starts from, as `base` of path */
// @ts-ignore: decorator
@inline export function pathsOldBase(base: u32): u64 {
  return textOf(base, load<u64>(base, 152));
}

/** the same of new_raw */
// @ts-ignore: decorator
@inline export function pathsNewBase(base: u32): u64 {
  return textOf(base, load<u64>(base, 160));
}

// -- event_process: calls with numeric arguments only (setuid, ptrace, kill, the clone family, ...), or reported by name only

/** arguments, in the order of events/ */
// @ts-ignore: decorator
@inline export function processNumbers(base: u32, index: u32): u64 {
  return load<u64>(base + (index << 3), 64);
}

/** init_module: parameters */
// @ts-ignore: decorator
@inline export function processText(base: u32): u64 {
  return textOf(base, load<u64>(base, 96));
}

// -- audit_event: an audit event of a Kubernetes API server

/** Id of the request, the same at all its stages. */
// @ts-ignore: decorator
@inline export function auditAuditid(base: u32): u64 {
  return textOf(base, load<u64>(base, 64));
}

/** RequestReceived, ResponseStarted, ResponseComplete or Panic. */
// @ts-ignore: decorator
@inline export function auditStage(base: u32): u64 {
  return textOf(base, load<u64>(base, 72));
}

/** allow or forbid. */
// @ts-ignore: decorator
@inline export function auditAuthDecision(base: u32): u64 {
  return textOf(base, load<u64>(base, 80));
}

/** Why it was allowed or forbidden. */
// @ts-ignore: decorator
@inline export function auditAuthReason(base: u32): u64 {
  return textOf(base, load<u64>(base, 88));
}

/** Decision of the authentication (OpenShift). */
// @ts-ignore: decorator
@inline export function auditAuthOpenshiftDecision(base: u32): u64 {
  return textOf(base, load<u64>(base, 96));
}

/** User of the authentication (OpenShift). */
// @ts-ignore: decorator
@inline export function auditAuthOpenshiftUsername(base: u32): u64 {
  return textOf(base, load<u64>(base, 104));
}

/** Failures of validating admission policies, as JSON. */
// @ts-ignore: decorator
@inline export function auditValidationsAdmissionPolicyFailure(base: u32): u64 {
  return textOf(base, load<u64>(base, 112));
}

/** What violates the pod security standard. */
// @ts-ignore: decorator
@inline export function auditSecurityPodViolations(base: u32): u64 {
  return textOf(base, load<u64>(base, 120));
}

/** Name of the cluster (GKE). */
// @ts-ignore: decorator
@inline export function auditClusterName(base: u32): u64 {
  return textOf(base, load<u64>(base, 128));
}

/** The user; with impersonation, the real one. */
// @ts-ignore: decorator
@inline export function auditUserName(base: u32): u64 {
  return textOf(base, load<u64>(base, 136));
}

/** Groups of the user. */
// @ts-ignore: decorator
@inline export function auditUserGroups(base: u32): u64 {
  return textOf(base, load<u64>(base, 144));
}

/** The user that is impersonated. */
// @ts-ignore: decorator
@inline export function auditImpuserName(base: u32): u64 {
  return textOf(base, load<u64>(base, 152));
}

/** What is done: create, get, list, watch, update, patch, delete... */
// @ts-ignore: decorator
@inline export function auditVerb(base: u32): u64 {
  return textOf(base, load<u64>(base, 160));
}

/** URI of the request, as sent. */
// @ts-ignore: decorator
@inline export function auditUri(base: u32): u64 {
  return textOf(base, load<u64>(base, 168));
}

/** What the client calls itself. */
// @ts-ignore: decorator
@inline export function auditUseragent(base: u32): u64 {
  return textOf(base, load<u64>(base, 176));
}

/** Addresses that the request came from: all but the last can be forged. */
// @ts-ignore: decorator
@inline export function auditSourceips(base: u32): u64 {
  return textOf(base, load<u64>(base, 184));
}

/** Name of the object. */
// @ts-ignore: decorator
@inline export function auditTargetName(base: u32): u64 {
  return textOf(base, load<u64>(base, 192));
}

/** Namespace of the object. */
// @ts-ignore: decorator
@inline export function auditTargetNamespace(base: u32): u64 {
  return textOf(base, load<u64>(base, 200));
}

/** Resource of the object: pods, secrets... */
// @ts-ignore: decorator
@inline export function auditTargetResource(base: u32): u64 {
  return textOf(base, load<u64>(base, 208));
}

/** Subresource: exec, attach, log...; absent for the object itself. */
// @ts-ignore: decorator
@inline export function auditTargetSubresource(base: u32): u64 {
  return textOf(base, load<u64>(base, 216));
}

/** Name of the pod in the response, on requests about pods themselves. */
// @ts-ignore: decorator
@inline export function auditTargetPodName(base: u32): u64 {
  return textOf(base, load<u64>(base, 224));
}

/** Name of the object in the response. */
// @ts-ignore: decorator
@inline export function auditRespName(base: u32): u64 {
  return textOf(base, load<u64>(base, 232));
}

/** Status code of the response, as text. */
// @ts-ignore: decorator
@inline export function auditResponseCode(base: u32): u64 {
  return textOf(base, load<u64>(base, 240));
}

/** Reason of a failure: Forbidden, NotFound... */
// @ts-ignore: decorator
@inline export function auditResponseReason(base: u32): u64 {
  return textOf(base, load<u64>(base, 248));
}

/** The event as compact JSON. */
// @ts-ignore: decorator
@inline export function auditPlugininfo(base: u32): u64 {
  return textOf(base, load<u64>(base, 256));
}

/** Subjects of a binding, each as JSON. */
// @ts-ignore: decorator
@inline export function auditReqBindingSubjects(base: u32): u64 {
  return textOf(base, load<u64>(base, 264));
}

/** Users of a binding. */
// @ts-ignore: decorator
@inline export function auditReqBindingSubjectsUserNames(base: u32): u64 {
  return textOf(base, load<u64>(base, 272));
}

/** Groups of a binding. */
// @ts-ignore: decorator
@inline export function auditReqBindingSubjectsGroupNames(base: u32): u64 {
  return textOf(base, load<u64>(base, 280));
}

/** Its service accounts. */
// @ts-ignore: decorator
@inline export function auditReqBindingSubjectsServiceaccountNames(base: u32): u64 {
  return textOf(base, load<u64>(base, 288));
}

/** Its service accounts, as namespace:name. */
// @ts-ignore: decorator
@inline export function auditReqBindingSubjectsServiceaccountNsNames(base: u32): u64 {
  return textOf(base, load<u64>(base, 296));
}

/** Role of a binding. */
// @ts-ignore: decorator
@inline export function auditReqBindingRole(base: u32): u64 {
  return textOf(base, load<u64>(base, 304));
}

/** Name of the object. */
// @ts-ignore: decorator
@inline export function auditReqConfigmapName(base: u32): u64 {
  return textOf(base, load<u64>(base, 312));
}

/** Data of a config map, as JSON. */
// @ts-ignore: decorator
@inline export function auditReqConfigmapObj(base: u32): u64 {
  return textOf(base, load<u64>(base, 320));
}

/** Rules of a role, each as JSON. */
// @ts-ignore: decorator
@inline export function auditReqRoleRules(base: u32): u64 {
  return textOf(base, load<u64>(base, 328));
}

/** apiGroups of all rules of a role; [N]: of that rule. */
// @ts-ignore: decorator
@inline export function auditReqRoleRulesApiGroups(base: u32): u64 {
  return textOf(base, load<u64>(base, 336));
}

/** resources of all rules of a role; [N]: of that rule. */
// @ts-ignore: decorator
@inline export function auditReqRoleRulesResources(base: u32): u64 {
  return textOf(base, load<u64>(base, 344));
}

/** verbs of all rules of a role; [N]: of that rule. */
// @ts-ignore: decorator
@inline export function auditReqRoleRulesVerbs(base: u32): u64 {
  return textOf(base, load<u64>(base, 352));
}

/** nonResourceURLs of all rules of a role; [N]: of that rule. */
// @ts-ignore: decorator
@inline export function auditReqRoleRulesNonResourceURLs(base: u32): u64 {
  return textOf(base, load<u64>(base, 360));
}

/** Type of a service: ClusterIP, NodePort... */
// @ts-ignore: decorator
@inline export function auditReqServiceType(base: u32): u64 {
  return textOf(base, load<u64>(base, 368));
}

/** Ports of a service: one element, the JSON of all. */
// @ts-ignore: decorator
@inline export function auditReqServicePorts(base: u32): u64 {
  return textOf(base, load<u64>(base, 376));
}

/** The pod uses the IPC namespace of its node. */
// @ts-ignore: decorator
@inline export function auditReqPodHostIpc(base: u32): u64 {
  return textOf(base, load<u64>(base, 384));
}

/** The pod uses the pid namespace of its node. */
// @ts-ignore: decorator
@inline export function auditReqPodHostPid(base: u32): u64 {
  return textOf(base, load<u64>(base, 392));
}

/** The pod uses the network of its node. */
// @ts-ignore: decorator
@inline export function auditReqPodHostNetwork(base: u32): u64 {
  return textOf(base, load<u64>(base, 400));
}

/** The same as ka.req.pod.host_network. */
// @ts-ignore: decorator
@inline export function auditReqContainerHostNetwork(base: u32): u64 {
  return textOf(base, load<u64>(base, 408));
}

/** User id of the pod. */
// @ts-ignore: decorator
@inline export function auditReqPodRunAsUser(base: u32): u64 {
  return textOf(base, load<u64>(base, 416));
}

/** Group id of the pod. */
// @ts-ignore: decorator
@inline export function auditReqPodRunAsGroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 424));
}

/** Group id of its volumes. */
// @ts-ignore: decorator
@inline export function auditReqPodFsGroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 432));
}

/** Its further group ids. */
// @ts-ignore: decorator
@inline export function auditReqPodSupplementalGroups(base: u32): u64 {
  return textOf(base, load<u64>(base, 440));
}

/** Paths of the node that its volumes are. */
// @ts-ignore: decorator
@inline export function auditReqPodVolumesHostpath(base: u32): u64 {
  return textOf(base, load<u64>(base, 448));
}

/** Drivers of its flex volumes. */
// @ts-ignore: decorator
@inline export function auditReqPodVolumesFlexvolumeDriver(base: u32): u64 {
  return textOf(base, load<u64>(base, 456));
}

/** Types of its volumes: hostPath, secret... */
// @ts-ignore: decorator
@inline export function auditReqPodVolumesVolumeType(base: u32): u64 {
  return textOf(base, load<u64>(base, 464));
}

/** Image of the first container. */
// @ts-ignore: decorator
@inline export function auditReqContainerImage(base: u32): u64 {
  return textOf(base, load<u64>(base, 472));
}

/** Repository of the image of the first container. */
// @ts-ignore: decorator
@inline export function auditReqContainerImageRepository(base: u32): u64 {
  return textOf(base, load<u64>(base, 480));
}

/** true if any container is privileged. */
// @ts-ignore: decorator
@inline export function auditReqContainerPrivileged(base: u32): u64 {
  return textOf(base, load<u64>(base, 488));
}

/** Names of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersName(base: u32): u64 {
  return textOf(base, load<u64>(base, 496));
}

/** Images of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersImage(base: u32): u64 {
  return textOf(base, load<u64>(base, 504));
}

/** Repositories of the images of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersImageRepository(base: u32): u64 {
  return textOf(base, load<u64>(base, 512));
}

/** Commands of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersCommand(base: u32): u64 {
  return textOf(base, load<u64>(base, 520));
}

/** Arguments of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersArgs(base: u32): u64 {
  return textOf(base, load<u64>(base, 528));
}

/** Host ports, or else container ports, of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersHostPort(base: u32): u64 {
  return textOf(base, load<u64>(base, 536));
}

/** privileged of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersPrivileged(base: u32): u64 {
  return textOf(base, load<u64>(base, 544));
}

/** allowPrivilegeEscalation of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersAllowPrivilegeEscalation(base: u32): u64 {
  return textOf(base, load<u64>(base, 552));
}

/** readOnlyRootFilesystem of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersReadOnlyFs(base: u32): u64 {
  return textOf(base, load<u64>(base, 560));
}

/** User ids of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersRunAsUser(base: u32): u64 {
  return textOf(base, load<u64>(base, 568));
}

/** User ids, or else that of the pod, or else 0, of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersEffRunAsUser(base: u32): u64 {
  return textOf(base, load<u64>(base, 576));
}

/** Group ids of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersRunAsGroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 584));
}

/** Group ids, or else that of the pod, or else 0, of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersEffRunAsGroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 592));
}

/** procMount of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersProcMount(base: u32): u64 {
  return textOf(base, load<u64>(base, 600));
}

/** Added capabilities, one JSON array each, of the containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodContainersAddCapabilities(base: u32): u64 {
  return textOf(base, load<u64>(base, 608));
}

/** Names of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersName(base: u32): u64 {
  return textOf(base, load<u64>(base, 616));
}

/** Images of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersImage(base: u32): u64 {
  return textOf(base, load<u64>(base, 624));
}

/** Repositories of the images of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersImageRepository(base: u32): u64 {
  return textOf(base, load<u64>(base, 632));
}

/** Commands of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersCommand(base: u32): u64 {
  return textOf(base, load<u64>(base, 640));
}

/** Arguments of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersArgs(base: u32): u64 {
  return textOf(base, load<u64>(base, 648));
}

/** Host ports, or else container ports, of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersHostPort(base: u32): u64 {
  return textOf(base, load<u64>(base, 656));
}

/** privileged of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersPrivileged(base: u32): u64 {
  return textOf(base, load<u64>(base, 664));
}

/** allowPrivilegeEscalation of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersAllowPrivilegeEscalation(base: u32): u64 {
  return textOf(base, load<u64>(base, 672));
}

/** readOnlyRootFilesystem of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersReadOnlyFs(base: u32): u64 {
  return textOf(base, load<u64>(base, 680));
}

/** User ids of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersRunAsUser(base: u32): u64 {
  return textOf(base, load<u64>(base, 688));
}

/** User ids, or else that of the pod, or else 0, of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersEffRunAsUser(base: u32): u64 {
  return textOf(base, load<u64>(base, 696));
}

/** Group ids of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersRunAsGroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 704));
}

/** Group ids, or else that of the pod, or else 0, of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersEffRunAsGroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 712));
}

/** procMount of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersProcMount(base: u32): u64 {
  return textOf(base, load<u64>(base, 720));
}

/** Added capabilities, one JSON array each, of the init containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodInitContainersAddCapabilities(base: u32): u64 {
  return textOf(base, load<u64>(base, 728));
}

/** Names of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersName(base: u32): u64 {
  return textOf(base, load<u64>(base, 736));
}

/** Images of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersImage(base: u32): u64 {
  return textOf(base, load<u64>(base, 744));
}

/** Repositories of the images of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersImageRepository(base: u32): u64 {
  return textOf(base, load<u64>(base, 752));
}

/** Commands of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersCommand(base: u32): u64 {
  return textOf(base, load<u64>(base, 760));
}

/** Arguments of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersArgs(base: u32): u64 {
  return textOf(base, load<u64>(base, 768));
}

/** privileged of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersPrivileged(base: u32): u64 {
  return textOf(base, load<u64>(base, 776));
}

/** allowPrivilegeEscalation of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersAllowPrivilegeEscalation(base: u32): u64 {
  return textOf(base, load<u64>(base, 784));
}

/** readOnlyRootFilesystem of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersReadOnlyFs(base: u32): u64 {
  return textOf(base, load<u64>(base, 792));
}

/** User ids of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersRunAsUser(base: u32): u64 {
  return textOf(base, load<u64>(base, 800));
}

/** User ids, or else that of the pod, or else 0, of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersEffRunAsUser(base: u32): u64 {
  return textOf(base, load<u64>(base, 808));
}

/** Group ids of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersRunAsGroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 816));
}

/** Group ids, or else that of the pod, or else 0, of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersEffRunAsGroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 824));
}

/** procMount of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersProcMount(base: u32): u64 {
  return textOf(base, load<u64>(base, 832));
}

/** Added capabilities, one JSON array each, of the ephemeral containers; [N]: of that one. */
// @ts-ignore: decorator
@inline export function auditReqPodEphemeralContainersAddCapabilities(base: u32): u64 {
  return textOf(base, load<u64>(base, 840));
}

// -- image: A process image: a lifecycle record of the kernel, and its slot in the image table.

/** bytes, strings included */
// @ts-ignore: decorator
@inline export function imageSize(base: u32): u32 {
  return load<u32>(base, 0);
}

/** IMAGE_KIND */
// @ts-ignore: decorator
@inline export function imageKind(base: u32): u16 {
  return load<u16>(base, 4);
}

/** IMAGE_FLAGS */
// @ts-ignore: decorator
@inline export function imageFlags(base: u32): u16 {
  return load<u16>(base, 6);
}

/** image id, unique since the start of the agent; never 0 */
// @ts-ignore: decorator
@inline export function imageId(base: u32): u64 {
  return load<u64>(base, 8);
}

/** image id of the process that forked this one, as it was then; 0 = not known */
// @ts-ignore: decorator
@inline export function imageParent(base: u32): u64 {
  return load<u64>(base, 16);
}

/** image this one replaces in the same process (exec, change); 0 for fork and snapshot */
// @ts-ignore: decorator
@inline export function imagePrevious(base: u32): u64 {
  return load<u64>(base, 24);
}

/** ns since the epoch: when the image came to be */
// @ts-ignore: decorator
@inline export function imageTime(base: u32): u64 {
  return load<u64>(base, 32);
}

/** ns since the epoch: when the process was forked */
// @ts-ignore: decorator
@inline export function imageStartTime(base: u32): u64 {
  return load<u64>(base, 40);
}

/** ns since the epoch: last exec of the process; its fork or the snapshot, if none was seen since */
// @ts-ignore: decorator
@inline export function imageExecTime(base: u32): u64 {
  return load<u64>(base, 48);
}

/** ns since the epoch: start of init of its pid namespace; 0 = not known */
// @ts-ignore: decorator
@inline export function imagePidnsStartTime(base: u32): u64 {
  return load<u64>(base, 56);
}

/** bit n = capability n */
// @ts-ignore: decorator
@inline export function imageCapInheritable(base: u32): u64 {
  return load<u64>(base, 64);
}

/** bit n = capability n */
// @ts-ignore: decorator
@inline export function imageCapPermitted(base: u32): u64 {
  return load<u64>(base, 72);
}

/** bit n = capability n */
// @ts-ignore: decorator
@inline export function imageCapEffective(base: u32): u64 {
  return load<u64>(base, 80);
}

/** inode number of the executable */
// @ts-ignore: decorator
@inline export function imageExeInode(base: u32): u64 {
  return load<u64>(base, 88);
}

/** ns since the epoch */
// @ts-ignore: decorator
@inline export function imageExeCtime(base: u32): u64 {
  return load<u64>(base, 96);
}

/** ns since the epoch */
// @ts-ignore: decorator
@inline export function imageExeMtime(base: u32): u64 {
  return load<u64>(base, 104);
}

/** number of the cgroup whose path is given: its id, and in the upper 16 bits the number of its hierarchy (0: that of version 2) */
// @ts-ignore: decorator
@inline export function imageCgroupId(base: u32): u64 {
  return load<u64>(base, 112);
}

/** RLIMIT_NOFILE, soft */
// @ts-ignore: decorator
@inline export function imageFdLimit(base: u32): u64 {
  return load<u64>(base, 120);
}

/** page faults of the main thread that had to wait for a disk */
// @ts-ignore: decorator
@inline export function imageFaultsMajor(base: u32): u64 {
  return load<u64>(base, 128);
}

/** its other page faults */
// @ts-ignore: decorator
@inline export function imageFaultsMinor(base: u32): u64 {
  return load<u64>(base, 136);
}

/** thread group id, root pid namespace */
// @ts-ignore: decorator
@inline export function imagePid(base: u32): u32 {
  return load<u32>(base, 144);
}

/** parent's thread group id when the image came to be; of a fork, that of the process that forked */
// @ts-ignore: decorator
@inline export function imagePpid(base: u32): u32 {
  return load<u32>(base, 148);
}

/** thread group id in the innermost pid namespace */
// @ts-ignore: decorator
@inline export function imageVpid(base: u32): u32 {
  return load<u32>(base, 152);
}

/** process group, root pid namespace */
// @ts-ignore: decorator
@inline export function imagePgid(base: u32): u32 {
  return load<u32>(base, 156);
}

/** process group, innermost pid namespace */
// @ts-ignore: decorator
@inline export function imageVpgid(base: u32): u32 {
  return load<u32>(base, 160);
}

/** session, root pid namespace */
// @ts-ignore: decorator
@inline export function imageSid(base: u32): u32 {
  return load<u32>(base, 164);
}

/** session, innermost pid namespace */
// @ts-ignore: decorator
@inline export function imageVsid(base: u32): u32 {
  return load<u32>(base, 168);
}

/** controlling terminal, kernel new_encode_dev numbering; 0 = none */
// @ts-ignore: decorator
@inline export function imageTty(base: u32): u32 {
  return load<u32>(base, 172);
}

/** effective user id, root user namespace */
// @ts-ignore: decorator
@inline export function imageUid(base: u32): u32 {
  return load<u32>(base, 176);
}

/** effective group id */
// @ts-ignore: decorator
@inline export function imageGid(base: u32): u32 {
  return load<u32>(base, 180);
}

/** audit login uid; 0xffffffff = unset */
// @ts-ignore: decorator
@inline export function imageLoginUid(base: u32): u32 {
  return load<u32>(base, 184);
}

/** dev_t of the file system of the executable */
// @ts-ignore: decorator
@inline export function imageExeDevice(base: u32): u32 {
  return load<u32>(base, 188);
}

/** inode number of the innermost pid namespace */
// @ts-ignore: decorator
@inline export function imagePidNamespace(base: u32): u32 {
  return load<u32>(base, 192);
}

/** inode number of the mount namespace */
// @ts-ignore: decorator
@inline export function imageMountNamespace(base: u32): u32 {
  return load<u32>(base, 196);
}

/** inode number of the user namespace */
// @ts-ignore: decorator
@inline export function imageUserNamespace(base: u32): u32 {
  return load<u32>(base, 200);
}

/** exit records only: wait status */
// @ts-ignore: decorator
@inline export function imageExitCode(base: u32): i32 {
  return load<i32>(base, 204);
}

/** virtual memory when the image came to be, in kB */
// @ts-ignore: decorator
@inline export function imageVmSize(base: u32): u32 {
  return load<u32>(base, 208);
}

/** resident memory then, in kB */
// @ts-ignore: decorator
@inline export function imageVmRss(base: u32): u32 {
  return load<u32>(base, 212);
}

/** swapped memory then, in kB */
// @ts-ignore: decorator
@inline export function imageVmSwap(base: u32): u32 {
  return load<u32>(base, 216);
}

/** user whose share of the memory for images it takes: the real one, or who made its user namespace; 0 = all of its cgroup */
// @ts-ignore: decorator
@inline export function imageOwner(base: u32): u32 {
  return load<u32>(base, 220);
}

/** the kernel's comm, NUL-padded */
// @ts-ignore: decorator
@inline export function imageCommBytes(base: u32): u32 {
  return base + 224;
}

/** path the kernel resolved (proc.exepath), "memfd:NAME" for a memfd */
// @ts-ignore: decorator
@inline export function imageExecutable(base: u32): u64 {
  return textOf(base, load<u64>(base, 240));
}

/** arguments, argv[0] first, each ended by a NUL */
// @ts-ignore: decorator
@inline export function imageArgv(base: u32): u64 {
  return textOf(base, load<u64>(base, 248));
}

/** NAME=value, each ended by a NUL */
// @ts-ignore: decorator
@inline export function imageEnvironment(base: u32): u64 {
  return textOf(base, load<u64>(base, 256));
}

/** current directory, without trailing slash */
// @ts-ignore: decorator
@inline export function imageCwd(base: u32): u64 {
  return textOf(base, load<u64>(base, 264));
}

/** cgroup path, from the root of its hierarchy */
// @ts-ignore: decorator
@inline export function imageCgroup(base: u32): u64 {
  return textOf(base, load<u64>(base, 272));
}

/** standard input or output, if it was a network socket when the program was run: a descriptor record */
// @ts-ignore: decorator
@inline export function imageStream(base: u32): u64 {
  return textOf(base, load<u64>(base, 280));
}

/** annex: address of the parent image in the sandbox; 0 = not known */
// @ts-ignore: decorator
@inline export function imageParentAddress(base: u32): u32 {
  return load<u32>(base, 288);
}

/** annex: address of the image of the session leader; 0 = not known */
// @ts-ignore: decorator
@inline export function imageSessionAddress(base: u32): u32 {
  return load<u32>(base, 292);
}

/** annex: address of the image of the process group leader; 0 = not known */
// @ts-ignore: decorator
@inline export function imageGroupLeaderAddress(base: u32): u32 {
  return load<u32>(base, 296);
}

/** annex: address of its container table entry (the host has one too); never 0 */
// @ts-ignore: decorator
@inline export function imageContainerAddress(base: u32): u32 {
  return load<u32>(base, 300);
}

/** annex: comm_bytes up to its NUL (proc.name) */
// @ts-ignore: decorator
@inline export function imageComm(base: u32): u64 {
  return textOf(base, load<u64>(base, 304));
}

/** annex: argv[0] (proc.exe) */
// @ts-ignore: decorator
@inline export function imageArgv0(base: u32): u64 {
  return textOf(base, load<u64>(base, 312));
}

/** annex: argv[1..] joined by blanks (proc.args); empty without arguments, never absent */
// @ts-ignore: decorator
@inline export function imageArgs(base: u32): u64 {
  return textOf(base, load<u64>(base, 320));
}

/** annex: comm, blank, args (proc.cmdline) */
// @ts-ignore: decorator
@inline export function imageCmdline(base: u32): u64 {
  return textOf(base, load<u64>(base, 328));
}

/** annex: cwd with a trailing slash (proc.cwd) */
// @ts-ignore: decorator
@inline export function imageCwdSlash(base: u32): u64 {
  return textOf(base, load<u64>(base, 336));
}

/** annex: environment joined by blanks (proc.env) */
// @ts-ignore: decorator
@inline export function imageEnvironmentText(base: u32): u64 {
  return textOf(base, load<u64>(base, 344));
}

/** annex: the name of that socket (proc.stdio.connection) */
// @ts-ignore: decorator
@inline export function imageStreamName(base: u32): u64 {
  return textOf(base, load<u64>(base, 352));
}

/** annex: user.name */
// @ts-ignore: decorator
@inline export function imageUserName(base: u32): u64 {
  return textOf(base, load<u64>(base, 360));
}

/** annex: group.name */
// @ts-ignore: decorator
@inline export function imageGroupName(base: u32): u64 {
  return textOf(base, load<u64>(base, 368));
}

/** annex: user.loginname */
// @ts-ignore: decorator
@inline export function imageLoginName(base: u32): u64 {
  return textOf(base, load<u64>(base, 376));
}

/** annex: user.homedir; absent when not known */
// @ts-ignore: decorator
@inline export function imageUserHome(base: u32): u64 {
  return textOf(base, load<u64>(base, 384));
}

/** annex: user.shell; absent when not known */
// @ts-ignore: decorator
@inline export function imageUserShell(base: u32): u64 {
  return textOf(base, load<u64>(base, 392));
}

/** annex: by bank, bit n of word w = rule 64 w + n can still match this process */
// @ts-ignore: decorator
@inline export function imageCandidates(base: u32, index: u32): u64 {
  return load<u64>(base + (index << 3), 400);
}

/** annex: by bank, the tests that any ancestor meets; the highest bit: known */
// @ts-ignore: decorator
@inline export function imageAncestry(base: u32, index: u32): u64 {
  return load<u64>(base + (index << 3), 912);
}

// -- container: An entry of the container table; strings are relative to the entry.

/** bytes, strings included */
// @ts-ignore: decorator
@inline export function containerSize(base: u32): u32 {
  return load<u32>(base, 0);
}

/** CONTAINER_STATE */
// @ts-ignore: decorator
@inline export function containerState(base: u32): u8 {
  return load<u8>(base, 4);
}

/** 0 no, 1 yes, 255 not known */
// @ts-ignore: decorator
@inline export function containerPrivileged(base: u32): u8 {
  return load<u8>(base, 5);
}

/** POD_STATE: whether the API server knows its pod */
// @ts-ignore: decorator
@inline export function containerPodState(base: u32): u8 {
  return load<u8>(base, 6);
}

/** HOST_NAMESPACE bits; 0 = not known */
// @ts-ignore: decorator
@inline export function containerHostNamespaces(base: u32): u8 {
  return load<u8>(base, 7);
}

/** ns since the epoch; 0 = not known */
// @ts-ignore: decorator
@inline export function containerStartTime(base: u32): u64 {
  return load<u64>(base, 8);
}

/** container.id: first 12 characters, or "host" */
// @ts-ignore: decorator
@inline export function containerId(base: u32): u64 {
  return textOf(base, load<u64>(base, 16));
}

/** container.full_id */
// @ts-ignore: decorator
@inline export function containerFullId(base: u32): u64 {
  return textOf(base, load<u64>(base, 24));
}

/** container.type */
// @ts-ignore: decorator
@inline export function containerType(base: u32): u64 {
  return textOf(base, load<u64>(base, 32));
}

/** container.name */
// @ts-ignore: decorator
@inline export function containerName(base: u32): u64 {
  return textOf(base, load<u64>(base, 40));
}

/** container.image */
// @ts-ignore: decorator
@inline export function containerImage(base: u32): u64 {
  return textOf(base, load<u64>(base, 48));
}

/** container.image.id */
// @ts-ignore: decorator
@inline export function containerImageId(base: u32): u64 {
  return textOf(base, load<u64>(base, 56));
}

/** container.image.repository */
// @ts-ignore: decorator
@inline export function containerImageRepository(base: u32): u64 {
  return textOf(base, load<u64>(base, 64));
}

/** container.image.tag */
// @ts-ignore: decorator
@inline export function containerImageTag(base: u32): u64 {
  return textOf(base, load<u64>(base, 72));
}

/** container.image.digest */
// @ts-ignore: decorator
@inline export function containerImageDigest(base: u32): u64 {
  return textOf(base, load<u64>(base, 80));
}

/** container.ip */
// @ts-ignore: decorator
@inline export function containerIp(base: u32): u64 {
  return textOf(base, load<u64>(base, 88));
}

/** key=value, each ended by a NUL */
// @ts-ignore: decorator
@inline export function containerLabels(base: u32): u64 {
  return textOf(base, load<u64>(base, 96));
}

/** labels without those that its image has brought; as labels */
// @ts-ignore: decorator
@inline export function containerOwnLabels(base: u32): u64 {
  return textOf(base, load<u64>(base, 104));
}

/** container.labels */
// @ts-ignore: decorator
@inline export function containerLabelsText(base: u32): u64 {
  return textOf(base, load<u64>(base, 112));
}

/** source NUL dest NUL mode NUL rdwr NUL propagation NUL, a mount after the other */
// @ts-ignore: decorator
@inline export function containerMounts(base: u32): u64 {
  return textOf(base, load<u64>(base, 120));
}

/** container.mounts */
// @ts-ignore: decorator
@inline export function containerMountsText(base: u32): u64 {
  return textOf(base, load<u64>(base, 128));
}

/** k8s.pod.name */
// @ts-ignore: decorator
@inline export function containerPodName(base: u32): u64 {
  return textOf(base, load<u64>(base, 136));
}

/** k8s.ns.name */
// @ts-ignore: decorator
@inline export function containerPodNamespace(base: u32): u64 {
  return textOf(base, load<u64>(base, 144));
}

/** k8s.pod.uid */
// @ts-ignore: decorator
@inline export function containerPodUid(base: u32): u64 {
  return textOf(base, load<u64>(base, 152));
}

/** k8s.pod.full_sandbox_id */
// @ts-ignore: decorator
@inline export function containerPodSandboxId(base: u32): u64 {
  return textOf(base, load<u64>(base, 160));
}

/** k8s.pod.ip */
// @ts-ignore: decorator
@inline export function containerPodIp(base: u32): u64 {
  return textOf(base, load<u64>(base, 168));
}

/** key:value, each ended by a NUL; keys hold no colon */
// @ts-ignore: decorator
@inline export function containerPodLabels(base: u32): u64 {
  return textOf(base, load<u64>(base, 176));
}

/** k8s.pod.labels */
// @ts-ignore: decorator
@inline export function containerPodLabelsText(base: u32): u64 {
  return textOf(base, load<u64>(base, 184));
}

/** key:value, each ended by a NUL; keys hold no colon */
// @ts-ignore: decorator
@inline export function containerPodAnnotations(base: u32): u64 {
  return textOf(base, load<u64>(base, 192));
}

/** container.user */
// @ts-ignore: decorator
@inline export function containerUser(base: u32): u64 {
  return textOf(base, load<u64>(base, 200));
}

/** names of the environment, each ended by a NUL */
// @ts-ignore: decorator
@inline export function containerEnvNames(base: u32): u64 {
  return textOf(base, load<u64>(base, 208));
}

/** container.cni.json */
// @ts-ignore: decorator
@inline export function containerCni(base: u32): u64 {
  return textOf(base, load<u64>(base, 216));
}

/** k8smeta.pod.service_account */
// @ts-ignore: decorator
@inline export function containerPodServiceAccount(base: u32): u64 {
  return textOf(base, load<u64>(base, 224));
}

/** k8smeta.pod.node */
// @ts-ignore: decorator
@inline export function containerPodNode(base: u32): u64 {
  return textOf(base, load<u64>(base, 232));
}

/** k8smeta.owner.kind */
// @ts-ignore: decorator
@inline export function containerOwnerKind(base: u32): u64 {
  return textOf(base, load<u64>(base, 240));
}

/** k8smeta.owner.name */
// @ts-ignore: decorator
@inline export function containerOwnerName(base: u32): u64 {
  return textOf(base, load<u64>(base, 248));
}

/** k8smeta.owner.uid */
// @ts-ignore: decorator
@inline export function containerOwnerUid(base: u32): u64 {
  return textOf(base, load<u64>(base, 256));
}

/** k8smeta.ns.uid */
// @ts-ignore: decorator
@inline export function containerNsUid(base: u32): u64 {
  return textOf(base, load<u64>(base, 264));
}

/** key:value, each ended by a NUL; keys hold no colon */
// @ts-ignore: decorator
@inline export function containerNsLabels(base: u32): u64 {
  return textOf(base, load<u64>(base, 272));
}

/** k8smeta.deployment.name */
// @ts-ignore: decorator
@inline export function containerDeploymentName(base: u32): u64 {
  return textOf(base, load<u64>(base, 280));
}

/** k8smeta.deployment.uid */
// @ts-ignore: decorator
@inline export function containerDeploymentUid(base: u32): u64 {
  return textOf(base, load<u64>(base, 288));
}

/** key:value, each ended by a NUL; keys hold no colon */
// @ts-ignore: decorator
@inline export function containerDeploymentLabels(base: u32): u64 {
  return textOf(base, load<u64>(base, 296));
}

/** k8smeta.rs.name */
// @ts-ignore: decorator
@inline export function containerRsName(base: u32): u64 {
  return textOf(base, load<u64>(base, 304));
}

/** k8smeta.rs.uid */
// @ts-ignore: decorator
@inline export function containerRsUid(base: u32): u64 {
  return textOf(base, load<u64>(base, 312));
}

/** key:value, each ended by a NUL; keys hold no colon */
// @ts-ignore: decorator
@inline export function containerRsLabels(base: u32): u64 {
  return textOf(base, load<u64>(base, 320));
}

/** k8smeta.rc.name */
// @ts-ignore: decorator
@inline export function containerRcName(base: u32): u64 {
  return textOf(base, load<u64>(base, 328));
}

/** k8smeta.rc.uid */
// @ts-ignore: decorator
@inline export function containerRcUid(base: u32): u64 {
  return textOf(base, load<u64>(base, 336));
}

/** key:value, each ended by a NUL; keys hold no colon */
// @ts-ignore: decorator
@inline export function containerRcLabels(base: u32): u64 {
  return textOf(base, load<u64>(base, 344));
}

// -- named_address: A slot of the table of names.

/** key of the name; 0 = the slot is free */
// @ts-ignore: decorator
@inline export function namedName(base: u32): u64 {
  return load<u64>(base, 0);
}

/** IPv4 in the first four bytes, 0 behind them */
// @ts-ignore: decorator
@inline export function namedAddress(base: u32): u32 {
  return base + 8;
}

/** 1: of IPv6 */
// @ts-ignore: decorator
@inline export function namedIsIpv6(base: u32): u64 {
  return load<u64>(base, 24);
}
