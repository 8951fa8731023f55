// Events of processes, and calls with numbers alone: records of shape exec and process.

import type { Parameter } from '../types.ts';
import type { EventType } from './event-type.ts';
import { parameter, RES, RES_PID, signal } from './parameters.ts';

/** The program, which execs and clones report. */
const PROGRAM: readonly Parameter[] = [
  parameter('exe', 'CHARBUF', { member: 'image.argv0' }),
  parameter('args', 'BYTEBUF', { member: 'image.argv', withoutFirst: true }),
  parameter('tid', 'PID', { member: 'tid' }),
  parameter('pid', 'PID', { member: 'image.pid' }),
  parameter('ptid', 'PID', { member: 'image.ppid' }),
  parameter('cwd', 'CHARBUF', { member: 'image.cwd_slash' }),
];

/** What it has used so far, likewise. */
const USAGE: readonly Parameter[] = [
  parameter('pgft_maj', 'UINT64', { member: 'image.faults_major' }),
  parameter('pgft_min', 'UINT64', { member: 'image.faults_minor' }),
  parameter('vm_size', 'UINT32', { member: 'image.vm_size' }),
  parameter('vm_rss', 'UINT32', { member: 'image.vm_rss' }),
  parameter('vm_swap', 'UINT32', { member: 'image.vm_swap' }),
  parameter('comm', 'CHARBUF', { member: 'image.comm' }),
  parameter('cgroups', 'BYTEBUF', { member: 'image.cgroup' }),
];

const EXEC_PARAMETERS: readonly Parameter[] = [
  RES,
  ...PROGRAM,
  parameter('fdlimit', 'UINT64', { member: 'image.fd_limit' }),
  ...USAGE,
  parameter('env', 'BYTEBUF', { member: 'image.environment' }),
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

const CLONE_PARAMETERS: readonly Parameter[] = [
  RES_PID,
  ...PROGRAM,
  parameter('fdlimit', 'INT64', { member: 'image.fd_limit' }),
  ...USAGE,
  parameter('flags', 'FLAGS32', { member: 'numbers[0]', flags: 'clone_flags' }),
  parameter('uid', 'UINT32', { member: 'image.uid' }),
  parameter('gid', 'UINT32', { member: 'image.gid' }),
  parameter('vtid', 'PID', { member: 'numbers[1]' }),
  parameter('vpid', 'PID', { member: 'image.vpid' }),
  parameter('pidns_init_start_ts', 'UINT64', { member: 'image.pidns_start_time' }),
];

/**
 * In `process` records `numbers` holds: setuid, setgid: [id]; setresuid: [real, effective, saved]; ptrace:
 * [request, pid, addr, data]; unshare: [flags]; init_module: [length]; clone family: [flags, vtid of the caller]; kill, tkill,
 * tgkill, setpgid: their arguments in order. Types without parameters report the name only: in Falco they are generic.
 */
export const PROCESS_EVENTS: readonly EventType[] = [
  {
    name: 'execve',
    number: 5,
    shape: 'exec',
    category: 'process',
    parameters: [...EXEC_PARAMETERS, parameter('filename', 'FSPATH', { member: 'name', passed: 'raw' })],
  },
  { name: 'execveat', number: 6, shape: 'exec', category: 'process', parameters: EXEC_PARAMETERS },
  {
    name: 'setuid',
    number: 33,
    shape: 'process',
    category: 'user',
    otherCalls: ['setuid32'],
    change: 'credentials',
    parameters: [RES, parameter('uid', 'UID', { member: 'numbers[0]', becomesOwn: true })],
  },
  {
    name: 'setgid',
    number: 34,
    shape: 'process',
    category: 'user',
    otherCalls: ['setgid32'],
    change: 'credentials',
    parameters: [RES, parameter('gid', 'GID', { member: 'numbers[0]', becomesOwn: true })],
  },
  {
    name: 'setresuid',
    number: 35,
    shape: 'process',
    category: 'user',
    otherCalls: ['setresuid32'],
    change: 'credentials',
    parameters: [
      RES,
      parameter('ruid', 'UID', { member: 'numbers[0]' }),
      parameter('euid', 'UID', { member: 'numbers[1]', becomesOwn: true }),
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
    name: 'unshare',
    number: 40,
    shape: 'process',
    category: 'process',
    does: 'changes-namespaces',
    change: 'place',
    parameters: [RES, parameter('flags', 'FLAGS32', { member: 'numbers[0]', flags: 'clone_flags' })],
  },
  {
    name: 'init_module',
    number: 42,
    shape: 'process',
    category: 'other',
    does: 'loads-kernel-code',
    parameters: [
      RES,
      parameter('img', 'BYTEBUF'),
      parameter('length', 'UINT64', { member: 'numbers[0]' }),
      parameter('uargs', 'CHARBUF', { member: 'text' }),
    ],
  },
  { name: 'clone', number: 45, shape: 'process', category: 'process', does: 'forks', parameters: CLONE_PARAMETERS },
  { name: 'clone3', number: 46, shape: 'process', category: 'process', does: 'forks', parameters: CLONE_PARAMETERS },
  { name: 'fork', number: 47, shape: 'process', category: 'process', does: 'forks', parameters: CLONE_PARAMETERS },
  { name: 'vfork', number: 48, shape: 'process', category: 'process', does: 'forks', parameters: CLONE_PARAMETERS },
  {
    name: 'kill',
    number: 55,
    shape: 'process',
    category: 'other',
    does: 'signals',
    parameters: [RES, parameter('pid', 'PID', { member: 'numbers[0]' }), signal('numbers[1]')],
  },
  {
    name: 'tkill',
    number: 56,
    shape: 'process',
    category: 'other',
    does: 'signals',
    parameters: [RES, parameter('tid', 'PID', { member: 'numbers[0]' }), signal('numbers[1]')],
  },
  {
    name: 'tgkill',
    number: 57,
    shape: 'process',
    category: 'other',
    does: 'signals',
    parameters: [
      RES,
      parameter('pid', 'PID', { member: 'numbers[0]' }),
      parameter('tid', 'PID', { member: 'numbers[1]' }),
      signal('numbers[2]'),
    ],
  },
  { name: 'setsid', number: 58, shape: 'process', change: 'group', category: 'process', parameters: [RES_PID] },
  {
    name: 'setpgid',
    number: 59,
    shape: 'process',
    category: 'process',
    change: 'group',
    parameters: [
      RES_PID,
      parameter('pid', 'PID', { member: 'numbers[0]' }),
      parameter('pgid', 'PID', { member: 'numbers[1]' }),
    ],
  },
  { name: 'kexec_load', number: 60, shape: 'process', category: 'other', does: 'loads-kernel-code', parameters: [] },
  {
    name: 'kexec_file_load',
    number: 61,
    shape: 'process',
    category: 'other',
    does: 'loads-kernel-code',
    parameters: [],
  },
  { name: 'perf_event_open', number: 62, shape: 'process', category: 'other', parameters: [] },
  {
    name: 'pivot_root',
    number: 63,
    shape: 'process',
    change: 'place',
    category: 'other',
    does: 'mounts',
    parameters: [],
  },
  { name: 'keyctl', number: 64, shape: 'process', category: 'other', parameters: [] },
];
