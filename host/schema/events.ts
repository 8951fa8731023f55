// The event types that the capture supplies: their number, the shape of their record and their parameters in the order of
// Falco's event table (exit events of schema 4.5; `evt.arg[N]` counts from 0).

import type { EventShape } from './event-structs.ts';
import type { FlagTable } from './flags.ts';
import type { Parameter, ValueType } from './types.ts';

export type EventCategory = 'file' | 'net' | 'process' | 'user' | 'IPC' | 'system' | 'other';

export interface EventType {
  readonly name: string;
  /** header.type; stable: a number is never given to another type. */
  readonly number: number;
  readonly shape: EventShape;
  readonly category: EventCategory;
  readonly parameters: readonly Parameter[];
  /** Falco's event flags: fd.* fields are absent on events with neither. */
  readonly createsFd?: true;
  readonly usesFd?: true;
  /** evt.buffer and the evt.is_io family. */
  readonly io?: 'read' | 'write';
}

interface ParameterOptions {
  readonly member?: string;
  readonly flags?: FlagTable;
}

function parameter(name: string, type: ValueType, options: ParameterOptions = {}): Parameter {
  return { name, type, ...options };
}

const RES = parameter('res', 'ERRNO', { member: 'result' });
const FD_RESULT = parameter('fd', 'FD', { member: 'result' });
const RES_PID = parameter('res', 'PID', { member: 'result' });
const RES_FD = parameter('res', 'FD', { member: 'result' });
const FD = parameter('fd', 'FD', { member: 'fd' });
const DIRFD = parameter('dirfd', 'FD', { member: 'dirfd' });
const DEV = parameter('dev', 'UINT32', { member: 'device' });
const INO = parameter('ino', 'UINT64', { member: 'inode' });
const OPEN_FLAGS = parameter('flags', 'FLAGS32', { member: 'open_flags', flags: 'file_flags' });
const MODE_NUMBER = parameter('mode', 'UINT32', { member: 'mode' });
const MODE_BITS = parameter('mode', 'MODE', { member: 'mode', flags: 'chmod_mode' });
const PATH = parameter('path', 'FSPATH', { member: 'name' });
const RELATIVE_PATH = parameter('path', 'FSRELPATH', { member: 'name' });
const LENGTH = parameter('size', 'UINT32', { member: 'length' });
const DATA = parameter('data', 'BYTEBUF', { member: 'data' });
const TUPLE = parameter('tuple', 'SOCKTUPLE', { member: 'name' });
const PASSED_ADDRESS = parameter('addr', 'SOCKADDR', { member: 'passed_address' });
const OLD_PATH = parameter('oldpath', 'FSPATH', { member: 'old_name' });
const NEW_PATH = parameter('newpath', 'FSPATH', { member: 'new_name' });
const OLD_RELATIVE = parameter('oldpath', 'FSRELPATH', { member: 'old_name' });
const NEW_RELATIVE = parameter('newpath', 'FSRELPATH', { member: 'new_name' });
const OLD_DIRFD = parameter('olddirfd', 'FD', { member: 'old_dirfd' });
const NEW_DIRFD = parameter('newdirfd', 'FD', { member: 'new_dirfd' });

function signal(member: string): Parameter {
  return parameter('sig', 'SIGTYPE', { member, flags: 'signals' });
}

const EXEC_PARAMETERS: readonly Parameter[] = [
  RES,
  parameter('exe', 'CHARBUF', { member: 'image.argv0' }),
  parameter('args', 'BYTEBUF', { member: 'image.args' }),
  parameter('tid', 'PID', { member: 'tid' }),
  parameter('pid', 'PID', { member: 'image.pid' }),
  parameter('ptid', 'PID', { member: 'image.ppid' }),
  parameter('cwd', 'CHARBUF', { member: 'image.cwd_slash' }),
  parameter('fdlimit', 'UINT64', { member: 'image.fd_limit' }),
  parameter('pgft_maj', 'UINT64', { member: 'image.faults_major' }),
  parameter('pgft_min', 'UINT64', { member: 'image.faults_minor' }),
  parameter('vm_size', 'UINT32', { member: 'image.vm_size' }),
  parameter('vm_rss', 'UINT32', { member: 'image.vm_rss' }),
  parameter('vm_swap', 'UINT32', { member: 'image.vm_swap' }),
  parameter('comm', 'CHARBUF', { member: 'image.comm' }),
  parameter('cgroups', 'BYTEBUF', { member: 'image.cgroup' }),
  parameter('env', 'BYTEBUF', { member: 'image.environment_text' }),
  parameter('tty', 'UINT32', { member: 'image.tty' }),
  parameter('vpgid', 'PID', { member: 'image.vpgid' }),
  parameter('loginuid', 'UID', { member: 'image.login_uid' }),
  parameter('flags', 'FLAGS32', { member: 'image.flags', flags: 'execve_flags' }),
  parameter('cap_inheritable', 'UINT64', { member: 'image.cap_inheritable' }),
  parameter('cap_permitted', 'UINT64', { member: 'image.cap_permitted' }),
  parameter('cap_effective', 'UINT64', { member: 'image.cap_effective' }),
  parameter('exe_ino', 'UINT64', { member: 'image.exe_inode' }),
  parameter('exe_ino_ctime', 'ABSTIME', { member: 'image.exe_ctime' }),
  parameter('exe_ino_mtime', 'ABSTIME', { member: 'image.exe_mtime' }),
  parameter('uid', 'UID', { member: 'image.uid' }),
  parameter('trusted_exepath', 'FSPATH', { member: 'image.executable' }),
  parameter('pgid', 'PID', { member: 'image.pgid' }),
  parameter('gid', 'GID', { member: 'image.gid' }),
];

function cloneParameters(flagsIndex: string): readonly Parameter[] {
  return [
    RES_PID,
    parameter('exe', 'CHARBUF', { member: 'image.argv0' }),
    parameter('args', 'BYTEBUF', { member: 'image.args' }),
    parameter('tid', 'PID', { member: 'tid' }),
    parameter('pid', 'PID', { member: 'image.pid' }),
    parameter('ptid', 'PID', { member: 'image.ppid' }),
    parameter('cwd', 'CHARBUF', { member: 'image.cwd_slash' }),
    parameter('fdlimit', 'INT64', { member: 'image.fd_limit' }),
    parameter('pgft_maj', 'UINT64', { member: 'image.faults_major' }),
    parameter('pgft_min', 'UINT64', { member: 'image.faults_minor' }),
    parameter('vm_size', 'UINT32', { member: 'image.vm_size' }),
    parameter('vm_rss', 'UINT32', { member: 'image.vm_rss' }),
    parameter('vm_swap', 'UINT32', { member: 'image.vm_swap' }),
    parameter('comm', 'CHARBUF', { member: 'image.comm' }),
    parameter('cgroups', 'BYTEBUF', { member: 'image.cgroup' }),
    parameter('flags', 'FLAGS32', { member: flagsIndex, flags: 'clone_flags' }),
    parameter('uid', 'UINT32', { member: 'image.uid' }),
    parameter('gid', 'UINT32', { member: 'image.gid' }),
    parameter('vtid', 'PID', { member: 'numbers[1]' }),
    parameter('vpid', 'PID', { member: 'image.vpid' }),
    parameter('pidns_init_start_ts', 'UINT64', { member: 'image.pidns_start_time' }),
  ];
}

/**
 * The types, by number. In `process` records `numbers` holds: setuid, setgid: [id]; setresuid: [real, effective, saved];
 * ptrace: [request, pid, addr, data]; unshare: [flags]; init_module: [length]; clone family: [flags, vtid of the caller];
 * kill, tkill, tgkill, setpgid: their arguments in order. Types without parameters tell the name alone: in Falco they are generic.
 */
export const EVENT_TYPES: readonly EventType[] = [
  {
    name: 'open',
    number: 1,
    shape: 'open',
    category: 'file',
    createsFd: true,
    parameters: [FD_RESULT, parameter('name', 'FSPATH', { member: 'name' }), OPEN_FLAGS, MODE_NUMBER, DEV, INO],
  },
  {
    name: 'openat',
    number: 2,
    shape: 'open',
    category: 'file',
    createsFd: true,
    parameters: [
      FD_RESULT,
      DIRFD,
      parameter('name', 'FSRELPATH', { member: 'name' }),
      OPEN_FLAGS,
      MODE_NUMBER,
      DEV,
      INO,
    ],
  },
  {
    name: 'openat2',
    number: 3,
    shape: 'open',
    category: 'file',
    createsFd: true,
    parameters: [
      FD_RESULT,
      DIRFD,
      parameter('name', 'FSRELPATH', { member: 'name' }),
      OPEN_FLAGS,
      MODE_NUMBER,
      parameter('resolve', 'FLAGS32', { member: 'resolve', flags: 'openat2_flags' }),
      DEV,
      INO,
    ],
  },
  {
    name: 'creat',
    number: 4,
    shape: 'open',
    category: 'file',
    createsFd: true,
    parameters: [
      FD_RESULT,
      parameter('name', 'FSPATH', { member: 'name' }),
      MODE_NUMBER,
      DEV,
      INO,
      parameter('creat_flags', 'FLAGS16', { member: 'state', flags: 'creat_flags' }),
    ],
  },
  {
    name: 'execve',
    number: 5,
    shape: 'exec',
    category: 'process',
    parameters: [...EXEC_PARAMETERS, parameter('filename', 'FSPATH', { member: 'name' })],
  },
  { name: 'execveat', number: 6, shape: 'exec', category: 'process', parameters: EXEC_PARAMETERS },
  {
    name: 'socket',
    number: 7,
    shape: 'network',
    category: 'net',
    createsFd: true,
    parameters: [
      FD_RESULT,
      parameter('domain', 'ENUMFLAGS32', { member: 'domain', flags: 'socket_families' }),
      parameter('type', 'UINT32', { member: 'socket_type' }),
      parameter('proto', 'UINT32', { member: 'protocol' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'descriptor_flags' }),
    ],
  },
  { name: 'bind', number: 8, shape: 'network', category: 'net', usesFd: true, parameters: [RES, PASSED_ADDRESS, FD] },
  {
    name: 'listen',
    number: 9,
    shape: 'network',
    category: 'net',
    usesFd: true,
    parameters: [RES, FD, parameter('backlog', 'INT32', { member: 'backlog' })],
  },
  {
    name: 'connect',
    number: 10,
    shape: 'network',
    category: 'net',
    usesFd: true,
    parameters: [RES, TUPLE, FD, PASSED_ADDRESS],
  },
  {
    name: 'accept',
    number: 11,
    shape: 'network',
    category: 'net',
    createsFd: true,
    parameters: [
      FD_RESULT,
      TUPLE,
      parameter('queuepct', 'UINT8'),
      parameter('queuelen', 'UINT32', { member: 'queue_length' }),
      parameter('queuemax', 'UINT32', { member: 'queue_max' }),
    ],
  },
  {
    name: 'accept4',
    number: 12,
    shape: 'network',
    category: 'net',
    createsFd: true,
    parameters: [
      FD_RESULT,
      TUPLE,
      parameter('queuepct', 'UINT8'),
      parameter('queuelen', 'UINT32', { member: 'queue_length' }),
      parameter('queuemax', 'UINT32', { member: 'queue_max' }),
      parameter('flags', 'INT32', { member: 'call_flags' }),
    ],
  },
  {
    name: 'sendto',
    number: 13,
    shape: 'network',
    category: 'net',
    usesFd: true,
    io: 'write',
    parameters: [RES, DATA, FD, LENGTH, TUPLE],
  },
  {
    name: 'sendmsg',
    number: 14,
    shape: 'network',
    category: 'net',
    usesFd: true,
    io: 'write',
    parameters: [RES, DATA, FD, LENGTH, TUPLE],
  },
  { name: 'unlink', number: 15, shape: 'path', category: 'file', parameters: [RES, PATH] },
  {
    name: 'unlinkat',
    number: 16,
    shape: 'path',
    category: 'file',
    usesFd: true,
    parameters: [
      RES,
      DIRFD,
      parameter('name', 'FSRELPATH', { member: 'name' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'unlinkat_flags' }),
    ],
  },
  { name: 'rmdir', number: 17, shape: 'path', category: 'file', parameters: [RES, PATH] },
  { name: 'mkdir', number: 18, shape: 'path', category: 'file', parameters: [RES, PATH, MODE_NUMBER] },
  {
    name: 'mkdirat',
    number: 19,
    shape: 'path',
    category: 'file',
    usesFd: true,
    parameters: [RES, DIRFD, RELATIVE_PATH, MODE_NUMBER],
  },
  { name: 'rename', number: 20, shape: 'paths', category: 'file', parameters: [RES, OLD_PATH, NEW_PATH] },
  {
    name: 'renameat',
    number: 21,
    shape: 'paths',
    category: 'file',
    parameters: [RES, OLD_DIRFD, OLD_RELATIVE, NEW_DIRFD, NEW_RELATIVE],
  },
  {
    name: 'renameat2',
    number: 22,
    shape: 'paths',
    category: 'file',
    parameters: [
      RES,
      OLD_DIRFD,
      OLD_RELATIVE,
      NEW_DIRFD,
      NEW_RELATIVE,
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'renameat2_flags' }),
    ],
  },
  { name: 'link', number: 23, shape: 'paths', category: 'file', parameters: [RES, OLD_PATH, NEW_PATH] },
  {
    name: 'linkat',
    number: 24,
    shape: 'paths',
    category: 'file',
    parameters: [
      RES,
      parameter('olddir', 'FD', { member: 'old_dirfd' }),
      OLD_RELATIVE,
      parameter('newdir', 'FD', { member: 'new_dirfd' }),
      NEW_RELATIVE,
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'linkat_flags' }),
    ],
  },
  {
    name: 'symlink',
    number: 25,
    shape: 'paths',
    category: 'file',
    parameters: [
      RES,
      parameter('target', 'CHARBUF', { member: 'old_raw' }),
      parameter('linkpath', 'FSPATH', { member: 'new_name' }),
    ],
  },
  {
    name: 'symlinkat',
    number: 26,
    shape: 'paths',
    category: 'file',
    usesFd: true,
    parameters: [
      RES,
      parameter('target', 'CHARBUF', { member: 'old_raw' }),
      parameter('linkdirfd', 'FD', { member: 'new_dirfd' }),
      parameter('linkpath', 'FSRELPATH', { member: 'new_name' }),
    ],
  },
  {
    name: 'chmod',
    number: 27,
    shape: 'path',
    category: 'file',
    parameters: [RES, parameter('filename', 'FSPATH', { member: 'name' }), MODE_BITS],
  },
  { name: 'fchmod', number: 28, shape: 'descriptor', category: 'file', usesFd: true, parameters: [RES, FD, MODE_BITS] },
  {
    name: 'fchmodat',
    number: 29,
    shape: 'path',
    category: 'file',
    usesFd: true,
    parameters: [RES, DIRFD, parameter('filename', 'FSRELPATH', { member: 'name' }), MODE_BITS],
  },
  {
    name: 'dup',
    number: 30,
    shape: 'descriptor',
    category: 'IPC',
    createsFd: true,
    usesFd: true,
    parameters: [RES_FD, parameter('oldfd', 'FD', { member: 'old_fd' })],
  },
  {
    name: 'dup2',
    number: 31,
    shape: 'descriptor',
    category: 'IPC',
    createsFd: true,
    usesFd: true,
    parameters: [
      RES_FD,
      parameter('oldfd', 'FD', { member: 'old_fd' }),
      parameter('newfd', 'FD', { member: 'new_fd' }),
    ],
  },
  {
    name: 'dup3',
    number: 32,
    shape: 'descriptor',
    category: 'IPC',
    createsFd: true,
    usesFd: true,
    parameters: [
      RES_FD,
      parameter('oldfd', 'FD', { member: 'old_fd' }),
      parameter('newfd', 'FD', { member: 'new_fd' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'descriptor_flags' }),
    ],
  },
  {
    name: 'setuid',
    number: 33,
    shape: 'process',
    category: 'user',
    parameters: [RES, parameter('uid', 'UID', { member: 'numbers[0]' })],
  },
  {
    name: 'setgid',
    number: 34,
    shape: 'process',
    category: 'user',
    parameters: [RES, parameter('gid', 'GID', { member: 'numbers[0]' })],
  },
  {
    name: 'setresuid',
    number: 35,
    shape: 'process',
    category: 'user',
    parameters: [
      RES,
      parameter('ruid', 'UID', { member: 'numbers[0]' }),
      parameter('euid', 'UID', { member: 'numbers[1]' }),
      parameter('suid', 'UID', { member: 'numbers[2]' }),
    ],
  },
  {
    name: 'ptrace',
    number: 36,
    shape: 'process',
    category: 'process',
    parameters: [
      RES,
      parameter('addr', 'DYN', { member: 'numbers[2]' }),
      parameter('data', 'DYN', { member: 'numbers[3]' }),
      parameter('request', 'ENUMFLAGS16', { member: 'numbers[0]', flags: 'ptrace_requests' }),
      parameter('pid', 'PID', { member: 'numbers[1]' }),
    ],
  },
  {
    name: 'mount',
    number: 37,
    shape: 'paths',
    category: 'file',
    parameters: [
      RES,
      parameter('dev', 'CHARBUF', { member: 'old_raw' }),
      parameter('dir', 'FSPATH', { member: 'new_name' }),
      parameter('type', 'CHARBUF', { member: 'text' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'mount_flags' }),
    ],
  },
  {
    name: 'umount2',
    number: 38,
    shape: 'path',
    category: 'file',
    parameters: [
      RES,
      parameter('name', 'FSPATH', { member: 'name' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'umount_flags' }),
    ],
  },
  {
    name: 'memfd_create',
    number: 39,
    shape: 'descriptor',
    category: 'other',
    createsFd: true,
    parameters: [
      FD_RESULT,
      parameter('name', 'CHARBUF', { member: 'text' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'memfd_create_flags' }),
    ],
  },
  {
    name: 'unshare',
    number: 40,
    shape: 'process',
    category: 'process',
    parameters: [RES, parameter('flags', 'FLAGS32', { member: 'numbers[0]', flags: 'clone_flags' })],
  },
  {
    name: 'setns',
    number: 41,
    shape: 'descriptor',
    category: 'process',
    usesFd: true,
    parameters: [RES, FD, parameter('nstype', 'FLAGS32', { member: 'call_flags', flags: 'clone_flags' })],
  },
  {
    name: 'init_module',
    number: 42,
    shape: 'process',
    category: 'other',
    parameters: [
      RES,
      parameter('img', 'BYTEBUF'),
      parameter('length', 'UINT64', { member: 'numbers[0]' }),
      parameter('uargs', 'CHARBUF', { member: 'text' }),
    ],
  },
  {
    name: 'finit_module',
    number: 43,
    shape: 'descriptor',
    category: 'other',
    usesFd: true,
    parameters: [
      RES,
      FD,
      parameter('uargs', 'CHARBUF', { member: 'text' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'finit_module_flags' }),
    ],
  },
  {
    name: 'bpf',
    number: 44,
    shape: 'descriptor',
    category: 'other',
    createsFd: true,
    parameters: [FD_RESULT, parameter('cmd', 'ENUMFLAGS32', { member: 'call_flags', flags: 'bpf_commands' })],
  },
  { name: 'clone', number: 45, shape: 'process', category: 'process', parameters: cloneParameters('numbers[0]') },
  { name: 'clone3', number: 46, shape: 'process', category: 'process', parameters: cloneParameters('numbers[0]') },
  { name: 'fork', number: 47, shape: 'process', category: 'process', parameters: cloneParameters('numbers[0]') },
  { name: 'vfork', number: 48, shape: 'process', category: 'process', parameters: cloneParameters('numbers[0]') },
  {
    name: 'recvfrom',
    number: 49,
    shape: 'network',
    category: 'net',
    usesFd: true,
    io: 'read',
    parameters: [RES, DATA, TUPLE, FD, LENGTH],
  },
  {
    name: 'recvmsg',
    number: 50,
    shape: 'network',
    category: 'net',
    usesFd: true,
    io: 'read',
    parameters: [RES, LENGTH, DATA, TUPLE, parameter('msgcontrol', 'BYTEBUF'), FD],
  },
  {
    name: 'userfaultfd',
    number: 51,
    shape: 'descriptor',
    category: 'file',
    createsFd: true,
    parameters: [
      parameter('res', 'ERRNO', { member: 'result' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'descriptor_flags' }),
    ],
  },
  {
    // Its second view is the openat that it stands for.
    name: 'open_by_handle_at',
    number: 52,
    shape: 'open',
    category: 'file',
    createsFd: true,
    parameters: [FD_RESULT, parameter('mountfd', 'FD', { member: 'dirfd' }), OPEN_FLAGS, PATH, DEV, INO],
  },
  {
    // An event for each message, as in Falco. Its second view is the sendmsg that the message stands for.
    name: 'sendmmsg',
    number: 53,
    shape: 'network',
    category: 'net',
    usesFd: true,
    io: 'write',
    parameters: [RES, FD, LENGTH, DATA, TUPLE],
  },
  {
    // The same, with a recvmsg.
    name: 'recvmmsg',
    number: 54,
    shape: 'network',
    category: 'net',
    usesFd: true,
    io: 'read',
    parameters: [RES, FD, LENGTH, DATA, TUPLE, parameter('msgcontrol', 'BYTEBUF')],
  },
  {
    name: 'kill',
    number: 55,
    shape: 'process',
    category: 'other',
    parameters: [RES, parameter('pid', 'PID', { member: 'numbers[0]' }), signal('numbers[1]')],
  },
  {
    name: 'tkill',
    number: 56,
    shape: 'process',
    category: 'other',
    parameters: [RES, parameter('tid', 'PID', { member: 'numbers[0]' }), signal('numbers[1]')],
  },
  {
    name: 'tgkill',
    number: 57,
    shape: 'process',
    category: 'other',
    parameters: [
      RES,
      parameter('pid', 'PID', { member: 'numbers[0]' }),
      parameter('tid', 'PID', { member: 'numbers[1]' }),
      signal('numbers[2]'),
    ],
  },
  { name: 'setsid', number: 58, shape: 'process', category: 'process', parameters: [RES_PID] },
  {
    name: 'setpgid',
    number: 59,
    shape: 'process',
    category: 'process',
    parameters: [
      RES_PID,
      parameter('pid', 'PID', { member: 'numbers[0]' }),
      parameter('pgid', 'PID', { member: 'numbers[1]' }),
    ],
  },
  { name: 'kexec_load', number: 60, shape: 'process', category: 'other', parameters: [] },
  { name: 'kexec_file_load', number: 61, shape: 'process', category: 'other', parameters: [] },
  { name: 'perf_event_open', number: 62, shape: 'process', category: 'other', parameters: [] },
  { name: 'pivot_root', number: 63, shape: 'process', category: 'other', parameters: [] },
  { name: 'keyctl', number: 64, shape: 'process', category: 'other', parameters: [] },
];

const BY_NAME = new Map(EVENT_TYPES.map((type) => [type.name, type]));

/** The event type of that name, or undefined: of Falco's event names only those here are captured. */
export function findEventType(name: string): EventType | undefined {
  return BY_NAME.get(name);
}
