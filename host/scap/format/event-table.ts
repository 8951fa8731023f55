// The event types of libs' savefiles that are read or written here, with their parameters in order: of libs 0.25 (schema 4.5).
// Types of odd numbers are exits of system calls. All other types are skipped by their length.

/** How a parameter is encoded. */
export type ParameterType = keyof typeof PARAMETER_BYTES;

/** Bytes of each type; undefined: as many as the length says. */
export const PARAMETER_BYTES = {
  errno: 8,
  fd: 8,
  pid: 8,
  int64: 8,
  uint64: 8,
  abstime: 8,
  int32: 4,
  uint32: 4,
  uid: 4,
  gid: 4,
  mode: 4,
  flags32: 4,
  enumflags32: 4,
  uint16: 2,
  syscallid: 2,
  flags16: 2,
  enumflags16: 2,
  uint8: 1,
  sigtype: 1,
  flags8: 1,
  enumflags8: 1,
  charbuf: undefined,
  fspath: undefined,
  fsrelpath: undefined,
  bytebuf: undefined,
  sockaddr: undefined,
  socktuple: undefined,
  dyn: undefined,
} as const;

export interface ScapParameter {
  readonly name: string;
  readonly type: ParameterType;
}

export interface ScapType {
  readonly number: number;
  /** Falco's evt.type. */
  readonly name: string;
  readonly parameters: readonly ScapParameter[];
}

/** A type a line: number, name, parameters. */
const TYPES = `
1 syscall ID:syscallid nativeID:uint16
2 open name:fspath flags:flags32 mode:uint32
3 open fd:fd name:fspath flags:flags32 mode:uint32 dev:uint32 ino:uint64
5 close res:errno fd:fd
19 socket fd:fd domain:enumflags32 type:uint32 proto:uint32 flags:flags32
21 bind res:errno addr:sockaddr fd:fd
22 connect fd:fd addr:sockaddr
23 connect res:errno tuple:socktuple fd:fd addr:sockaddr
25 listen res:errno fd:fd backlog:int32
29 send res:errno data:bytebuf fd:fd size:uint32 tuple:socktuple
31 sendto res:errno data:bytebuf fd:fd size:uint32 tuple:socktuple
33 recv res:errno data:bytebuf fd:fd size:uint32 tuple:socktuple
35 recvfrom res:errno data:bytebuf tuple:socktuple fd:fd size:uint32
37 shutdown res:errno fd:fd how:enumflags8
43 socketpair res:errno fd1:fd fd2:fd source:uint64 peer:uint64 domain:enumflags32 type:uint32 proto:uint32
49 sendmsg res:errno data:bytebuf fd:fd size:uint32 tuple:socktuple
51 sendmmsg res:errno fd:fd size:uint32 data:bytebuf tuple:socktuple
53 recvmsg res:errno size:uint32 data:bytebuf tuple:socktuple msgcontrol:bytebuf fd:fd
55 recvmmsg res:errno fd:fd size:uint32 data:bytebuf tuple:socktuple msgcontrol:bytebuf
58 creat name:fspath mode:uint32
59 creat fd:fd name:fspath mode:uint32 dev:uint32 ino:uint64 creat_flags:flags16
61 pipe res:errno fd1:fd fd2:fd ino:uint64
63 eventfd res:fd initval:uint64 flags:uint32
93 getcwd res:errno path:charbuf
95 chdir res:errno path:charbuf
97 fchdir res:errno fd:fd
127 signalfd res:fd fd:fd mask:uint32 flags:uint8
129 kill res:errno pid:pid sig:sigtype
131 tkill res:errno tid:pid sig:sigtype
133 tgkill res:errno pid:pid tid:pid sig:sigtype
137 timerfd_create res:fd clockid:uint8 flags:uint8
139 inotify_init res:fd flags:uint8
145 prlimit res:errno newcur:int64 newmax:int64 oldcur:int64 oldmax:int64 pid:int64 resource:enumflags8
151 fcntl res:fd fd:fd cmd:enumflags8 arg:uint64
161 mmap res:errno vm_size:uint32 vm_rss:uint32 vm_swap:uint32 addr:uint64 length:uint64 prot:flags32 flags:flags32 fd:fd offset:uint64
169 ptrace res:errno addr:dyn data:dyn request:enumflags16 pid:pid
175 rename res:errno oldpath:fspath newpath:fspath
177 renameat res:errno olddirfd:fd oldpath:fsrelpath newdirfd:fd newpath:fsrelpath
179 symlink res:errno target:charbuf linkpath:fspath
181 symlinkat res:errno target:charbuf linkdirfd:fd linkpath:fsrelpath
186 procexit status:errno ret:errno sig:sigtype core:uint8 reaper_tid:pid
193 setresuid res:errno ruid:uid euid:uid suid:uid
195 setresgid res:errno rgid:gid egid:gid sgid:gid
199 setuid res:errno uid:uid
201 setgid res:errno gid:gid
223 clone res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64 pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf cgroups:bytebuf flags:flags32 uid:uint32 gid:uint32 vtid:pid vpid:pid pidns_init_start_ts:uint64
225 fork res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64 pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf cgroups:bytebuf flags:flags32 uid:uint32 gid:uint32 vtid:pid vpid:pid pidns_init_start_ts:uint64
227 vfork res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64 pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf cgroups:bytebuf flags:flags32 uid:uint32 gid:uint32 vtid:pid vpid:pid pidns_init_start_ts:uint64
241 setns res:errno fd:fd nstype:flags32
247 accept fd:fd tuple:socktuple queuepct:uint8 queuelen:uint32 queuemax:uint32
257 mount res:errno dev:charbuf dir:fspath type:charbuf flags:flags32
267 chroot res:errno path:fspath
275 setsid res:pid
277 mkdir res:errno path:fspath mode:uint32
279 rmdir res:errno path:fspath
285 unshare res:errno flags:flags32
293 execve res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64 pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf cgroups:bytebuf env:bytebuf tty:uint32 vpgid:pid loginuid:uid flags:flags32 cap_inheritable:uint64 cap_permitted:uint64 cap_effective:uint64 exe_ino:uint64 exe_ino_ctime:abstime exe_ino_mtime:abstime uid:uid trusted_exepath:fspath pgid:pid gid:gid filename:fspath
295 setpgid res:errno pid:pid pgid:pid
301 unlink res:errno path:fspath
303 unlinkat res:errno dirfd:fd name:fsrelpath flags:flags32
305 mkdirat res:errno dirfd:fd path:fsrelpath mode:uint32
306 openat dirfd:fd name:fsrelpath flags:flags32 mode:uint32
307 openat fd:fd dirfd:fd name:fsrelpath flags:flags32 mode:uint32 dev:uint32 ino:uint64
309 link res:errno oldpath:fspath newpath:fspath
311 linkat res:errno olddir:fd oldpath:fsrelpath newdir:fd newpath:fsrelpath flags:flags32
313 fchmodat res:errno dirfd:fd filename:fsrelpath mode:mode
315 chmod res:errno filename:fspath mode:mode
317 fchmod res:errno fd:fd mode:mode
319 renameat2 res:errno olddirfd:fd oldpath:fsrelpath newdirfd:fd newpath:fsrelpath flags:flags32
321 userfaultfd res:errno flags:flags32
324 container json:charbuf
326 openat2 dirfd:fd name:fsrelpath flags:flags32 mode:uint32 resolve:flags32
327 openat2 fd:fd dirfd:fd name:fsrelpath flags:flags32 mode:uint32 resolve:flags32 dev:uint32 ino:uint64
329 mprotect res:errno addr:uint64 length:uint64 prot:flags32
331 execveat res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64 pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf cgroups:bytebuf env:bytebuf tty:uint32 vpgid:pid loginuid:uid flags:flags32 cap_inheritable:uint64 cap_permitted:uint64 cap_effective:uint64 exe_ino:uint64 exe_ino_ctime:abstime exe_ino_mtime:abstime uid:uid trusted_exepath:fspath pgid:pid gid:gid
335 clone3 res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64 pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf cgroups:bytebuf flags:flags32 uid:uint32 gid:uint32 vtid:pid vpid:pid pidns_init_start_ts:uint64
337 open_by_handle_at fd:fd mountfd:fd flags:flags32 path:fspath dev:uint32 ino:uint64
339 io_uring_setup res:errno entries:uint32 sq_entries:uint32 cq_entries:uint32 flags:flags32 sq_thread_cpu:uint32 sq_thread_idle:uint32 features:flags32
353 capset res:errno cap_inheritable:uint64 cap_permitted:uint64 cap_effective:uint64
354 useradded uid:uint32 gid:uint32 name:charbuf home:charbuf shell:charbuf container_id:charbuf
356 userdeleted uid:uint32 gid:uint32 name:charbuf home:charbuf shell:charbuf container_id:charbuf
358 groupadded gid:uint32 name:charbuf container_id:charbuf
360 groupdeleted gid:uint32 name:charbuf container_id:charbuf
363 dup2 res:fd oldfd:fd newfd:fd
365 dup3 res:fd oldfd:fd newfd:fd flags:flags32
367 dup res:fd oldfd:fd
369 bpf fd:fd cmd:enumflags32
373 fsconfig res:errno fd:fd cmd:enumflags32 key:charbuf value_bytebuf:bytebuf value_charbuf:charbuf aux:int32
375 epoll_create res:errno size:int32
377 epoll_create1 res:errno flags:flags32
379 chown res:errno path:fspath uid:uint32 gid:uint32
381 lchown res:errno path:fspath uid:uint32 gid:uint32
383 fchown res:errno fd:fd uid:uint32 gid:uint32
385 fchownat res:errno dirfd:fd pathname:fsrelpath uid:uint32 gid:uint32 flags:flags32
387 umount res:errno name:fspath
389 accept4 fd:fd tuple:socktuple queuepct:uint8 queuelen:uint32 queuemax:uint32 flags:int32
391 umount2 res:errno name:fspath flags:flags32
393 pipe2 res:errno fd1:fd fd2:fd ino:uint64 flags:flags32
395 inotify_init1 res:fd flags:flags16
397 eventfd2 res:fd flags:flags16 initval:uint64
399 signalfd4 res:fd flags:flags16 fd:fd mask:uint32
402 asyncevent plugin_id:uint32 name:charbuf data:bytebuf
405 memfd_create fd:fd name:charbuf flags:flags32
407 pidfd_getfd fd:fd pid_fd:fd target_fd:fd flags:uint32
409 pidfd_open fd:fd pid:pid flags:flags32
411 init_module res:errno img:bytebuf length:uint64 uargs:charbuf
413 finit_module res:errno fd:fd uargs:charbuf flags:flags32
415 mknod res:errno path:fspath mode:mode dev:uint32
417 mknodat res:errno dirfd:fd path:fsrelpath mode:mode dev:uint32
427 setreuid res:errno ruid:uid euid:uid
429 setregid res:errno rgid:uid egid:uid
451 close_range res:errno first:uint32 last:uint32 flags:flags32
453 keyctl res:errno operation:enumflags32 arg2:dyn arg3:dyn arg4:dyn arg5:dyn
`;

const BY_NUMBER = new Map<number, ScapType>();
for (const line of TYPES.trim().split('\n')) {
  const [number = '', name = '', ...parameters] = line.split(' ');
  BY_NUMBER.set(Number(number), { number: Number(number), name, parameters: parameters.map(readParameter) });
}

function readParameter(text: string): ScapParameter {
  const [name = '', type = ''] = text.split(':');
  if (!isParameterType(type)) throw new Error(`the table of event types has the unknown type ${type}`);
  return { name, type };
}

function isParameterType(type: string): type is ParameterType {
  return Object.hasOwn(PARAMETER_BYTES, type);
}

/** Undefined for types that are neither read nor written. */
export function scapType(number: number): ScapType | undefined {
  return BY_NUMBER.get(number);
}

/** The type of an exit event of that system call. Throws for one that the table lacks. */
export function exitType(name: string): ScapType {
  const found = EXITS.get(name);
  if (!found) throw new Error(`the table of event types lacks ${name}`);
  return found;
}

const EXITS = new Map(
  [...BY_NUMBER.values()].filter(({ number }) => number % 2 === 1).map((type) => [type.name, type]),
);

/** Whether the exit of that system call has a type of its own. */
export function hasExitType(name: string): boolean {
  return EXITS.has(name);
}

/** Types whose parameters have lengths of 32 bits: pluginevent, container, asyncevent. */
export const LARGE_TYPES: ReadonlySet<number> = new Set([322, 324, 402]);
