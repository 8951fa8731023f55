// The process image: the state of a process between two changes (fork, exec, credentials, cwd, cgroup, session).
// The kernel writes the first part, which never changes; the reader fills the annex once, before the first event.

import { defineStruct } from './layout.ts';

/** Candidate words of all loaded modules: 32 x 64 rules; a module's further rules are evaluated for every process. */
export const CANDIDATE_WORDS = 32;

/** An image has two banks of them: while modules are replaced, those of the next ones are filled in beside those in use. */
export const CANDIDATE_BANKS = 2;

/**
 * Further arguments of a module's `candidates` besides words 0 to 31. COMMON_WORDS: bit n is set if word n of the process equals the bits
 * common to all processes, so that it need not be computed. COMMON_BITS + n: the bits of word n that all processes have.
 */
export const COMMON_WORDS = CANDIDATE_WORDS;
export const COMMON_BITS = CANDIDATE_WORDS + 1;

/**
 * Ancestry words of all loaded modules. Each bit of one but the highest is a test of a module: whether any ancestor of the process meets it.
 * A process inherits what its parent has, so the answer outlives the ancestor, and takes one step however long the chain is.
 */
export const ANCESTRY_WORDS = 4;

/** Tests in an ancestry word. Its highest bit says that the word is known: it is 0 until it is set. */
export const ANCESTRY_TESTS = 63;
export const ANCESTRY_KNOWN = 1n << 63n;

/** Further arguments of `candidates`: how many ancestry words the module needs, of any process, and ANCESTRY_BITS + n: word n of the process. */
export const ANCESTRY_COUNT = COMMON_BITS + CANDIDATE_WORDS;
export const ANCESTRY_BITS = ANCESTRY_COUNT + 1;

/**
 * How many parents are followed from an image: more generations than a machine has. A parent is older, so chains end by themselves; this bounds the
 * work on long ones, and ends a circle in damaged memory.
 */
export const LONGEST_CHAIN = 1024;

export const IMAGE = defineStruct(
  'image',
  'A process image: a lifecycle record of the kernel, and its slot in the image table.',
  [
    { name: 'size', type: 'u32', doc: 'bytes, strings included' },
    { name: 'kind', type: 'u16', doc: 'IMAGE_KIND' },
    { name: 'flags', type: 'u16', doc: 'IMAGE_FLAGS' },
    { name: 'id', type: 'u64', doc: 'image id, unique since the start of the agent; never 0' },
    { name: 'parent', type: 'u64', doc: 'image id of the process that forked this one, as it was then; 0 = not known' },
    {
      name: 'previous',
      type: 'u64',
      doc: 'image this one replaces in the same process (exec, change); 0 for fork and snapshot',
    },
    { name: 'time', type: 'u64', doc: 'ns since the epoch: when the image came to be' },
    { name: 'start_time', type: 'u64', doc: 'ns since the epoch: when the process was forked' },
    {
      name: 'exec_time',
      type: 'u64',
      doc: 'ns since the epoch: last exec of the process; its fork or the snapshot, if none was seen since',
    },
    {
      name: 'pidns_start_time',
      type: 'u64',
      doc: 'ns since the epoch: start of init of its pid namespace; 0 = not known',
    },
    { name: 'cap_inheritable', type: 'u64', doc: 'bit n = capability n' },
    { name: 'cap_permitted', type: 'u64', doc: 'bit n = capability n' },
    { name: 'cap_effective', type: 'u64', doc: 'bit n = capability n' },
    { name: 'exe_inode', type: 'u64', doc: 'inode number of the executable' },
    { name: 'exe_ctime', type: 'u64', doc: 'ns since the epoch' },
    { name: 'exe_mtime', type: 'u64', doc: 'ns since the epoch' },
    {
      name: 'cgroup_id',
      type: 'u64',
      doc: 'number of the cgroup whose path is given: its id, and in the upper 16 bits the number of its hierarchy (0: that of version 2)',
    },
    { name: 'fd_limit', type: 'u64', doc: 'RLIMIT_NOFILE, soft' },
    { name: 'faults_major', type: 'u64', doc: 'page faults of the main thread that had to wait for a disk' },
    { name: 'faults_minor', type: 'u64', doc: 'its other page faults' },
    { name: 'pid', type: 'u32', doc: 'thread group id, root pid namespace' },
    {
      name: 'ppid',
      type: 'u32',
      doc: "parent's thread group id when the image came to be; of a fork, that of the process that forked",
    },
    { name: 'vpid', type: 'u32', doc: 'thread group id in the innermost pid namespace' },
    { name: 'pgid', type: 'u32', doc: 'process group, root pid namespace' },
    { name: 'vpgid', type: 'u32', doc: 'process group, innermost pid namespace' },
    { name: 'sid', type: 'u32', doc: 'session, root pid namespace' },
    { name: 'vsid', type: 'u32', doc: 'session, innermost pid namespace' },
    { name: 'tty', type: 'u32', doc: 'controlling terminal, kernel new_encode_dev numbering; 0 = none' },
    { name: 'uid', type: 'u32', doc: 'effective user id, root user namespace' },
    { name: 'gid', type: 'u32', doc: 'effective group id' },
    { name: 'login_uid', type: 'u32', doc: 'audit login uid; 0xffffffff = unset' },
    { name: 'exe_device', type: 'u32', doc: 'dev_t of the file system of the executable' },
    { name: 'pid_namespace', type: 'u32', doc: 'inode number of the innermost pid namespace' },
    { name: 'mount_namespace', type: 'u32', doc: 'inode number of the mount namespace' },
    { name: 'user_namespace', type: 'u32', doc: 'inode number of the user namespace' },
    { name: 'exit_code', type: 'i32', doc: 'exit records only: wait status' },
    { name: 'vm_size', type: 'u32', doc: 'virtual memory when the image came to be, in kB' },
    { name: 'vm_rss', type: 'u32', doc: 'resident memory then, in kB' },
    { name: 'vm_swap', type: 'u32', doc: 'swapped memory then, in kB' },
    {
      name: 'owner',
      type: 'u32',
      doc: 'user whose share of the memory for images it takes: the real one, or who made its user namespace; 0 = all of its cgroup',
    },
    { name: 'comm_bytes', type: 'comm', doc: "the kernel's comm, NUL-padded" },
    { name: 'executable', type: 'string', doc: 'path the kernel resolved (proc.exepath), "memfd:NAME" for a memfd' },
    { name: 'argv', type: 'string', doc: 'arguments, argv[0] first, each ended by a NUL' },
    { name: 'environment', type: 'string', doc: 'NAME=value, each ended by a NUL' },
    { name: 'cwd', type: 'string', doc: 'current directory, without trailing slash' },
    { name: 'cgroup', type: 'string', doc: 'cgroup path, from the root of its hierarchy' },
    {
      name: 'stream',
      type: 'string',
      doc: 'standard input or output, if it was a network socket when the program was run: a descriptor record',
    },
    // -- annex: user space's half --
    {
      name: 'parent_address',
      type: 'u32',
      by: 'annex',
      doc: 'annex: address of the parent image in the sandbox; 0 = not known',
    },
    {
      name: 'session_address',
      type: 'u32',
      by: 'annex',
      doc: 'annex: address of the image of the session leader; 0 = not known',
    },
    {
      name: 'group_leader_address',
      type: 'u32',
      by: 'annex',
      doc: 'annex: address of the image of the process group leader; 0 = not known',
    },
    {
      name: 'container_address',
      type: 'u32',
      by: 'annex',
      doc: 'annex: address of its container table entry (the host has one too); never 0',
    },
    { name: 'comm', type: 'string', by: 'annex', doc: 'annex: comm_bytes up to its NUL (proc.name)' },
    { name: 'argv0', type: 'string', by: 'annex', doc: 'annex: argv[0] (proc.exe)' },
    {
      name: 'args',
      type: 'string',
      by: 'annex',
      doc: 'annex: argv[1..] joined by blanks (proc.args); empty without arguments, never absent',
    },
    { name: 'cmdline', type: 'string', by: 'annex', doc: 'annex: comm, blank, args (proc.cmdline)' },
    { name: 'cwd_slash', type: 'string', by: 'annex', doc: 'annex: cwd with a trailing slash (proc.cwd)' },
    { name: 'environment_text', type: 'string', by: 'annex', doc: 'annex: environment joined by blanks (proc.env)' },
    { name: 'stream_name', type: 'string', by: 'annex', doc: 'annex: the name of that socket (proc.stdio.connection)' },
    { name: 'user_name', type: 'string', by: 'annex', doc: 'annex: user.name' },
    { name: 'group_name', type: 'string', by: 'annex', doc: 'annex: group.name' },
    { name: 'login_name', type: 'string', by: 'annex', doc: 'annex: user.loginname' },
    { name: 'user_home', type: 'string', by: 'annex', doc: 'annex: user.homedir; absent when not known' },
    { name: 'user_shell', type: 'string', by: 'annex', doc: 'annex: user.shell; absent when not known' },
    {
      name: 'candidates',
      type: 'u64',
      count: CANDIDATE_BANKS * CANDIDATE_WORDS,
      by: 'annex',
      doc: 'annex: by bank, bit n of word w = rule 64 w + n can still match this process',
    },
    {
      name: 'ancestry',
      type: 'u64',
      count: CANDIDATE_BANKS * ANCESTRY_WORDS,
      by: 'annex',
      doc: 'annex: by bank, the tests that any ancestor meets; the highest bit: known',
    },
  ],
);

/**
 * Bytes of the longest lifecycle record: `image` up to the annex, executable, argv, environment, cwd, cgroup and stream, with the room that
 * a path takes while it is written (native/bpf/image.h). The kernel allocates at most 32 KB for each CPU.
 */
export const LONGEST_IMAGE = 28_672;

/** image.kind */
export const IMAGE_KIND = { FORK: 1, EXEC: 2, EXIT: 3, CHANGE: 4, SNAPSHOT: 5 } as const;

/** image.flags; the first four are Falco's execve flags in its own numbering. */
export const IMAGE_FLAGS = {
  EXE_WRITABLE: 1,
  EXE_UPPER_LAYER: 2,
  EXE_FROM_MEMFD: 4,
  EXE_LOWER_LAYER: 8,
  /** Arguments, environment or a path were cut to their limit. */
  TRUNCATED: 16,
  /** The process ended; kept for its descendants. */
  EXITED: 32,
  /** A kernel thread: no executable, no arguments. */
  KERNEL_THREAD: 64,
  /** Replaces an image that was never seen or was evicted. */
  UNKNOWN: 128,
  /** It is of a single thread, whose directory or credentials are not those of its process. */
  THREAD: 256,
} as const;

/** Inode number of the initial pid namespace (PROC_PID_INIT_INO). */
export const ROOT_PID_NAMESPACE = 0xeffffffc;

/** Names of cgroup subsystems (kernel/cgroup, cgroup_subsys.h), of v1 and v2. */
export const CGROUP_SUBSYSTEMS: ReadonlySet<string> = new Set(
  'cpuset cpu cpuacct blkio io memory devices freezer net_cls perf_event net_prio hugetlb pids rdma misc'.split(' '),
);
