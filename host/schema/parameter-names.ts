// Names of the parameters of all events in Falco's event table: `evt.arg.NAME` in a rule must be one of them, even
// if no captured event has it. A name may have different types in different events; the type here
// is that of the first, against which `evt.rawarg.NAME` is checked.

import type { ValueType } from './types.ts';

const NAMES: Readonly<Partial<Record<ValueType, string>>> = {
  ERRNO: 'res ret status error',
  FD: `fd dirfd fd1 fd2 fdin fdout fd_in fd_out in_fd out_fd linkdirfd mountfd newdir newdirfd newfd olddir olddirfd
    oldfd targetfd pidfd event_fd`,
  PID: 'tid pid ptid pgid vpgid vpid vtid dpid spid next reaper_tid',
  UID: 'uid euid ruid suid loginuid',
  GID: 'gid egid rgid sgid',
  CHARBUF: `exe comm cwd container_id dev target uargs arg2_str home shell group image json quotafilepath
    quotafilepath value_charbuf key desc description url scope tags dest source_name label plugin event_type`,
  BYTEBUF: 'args cgroups env data msgcontrol img value_bytestr event_data iov',
  FSPATH: 'path filename dir trusted_exepath special pathname',
  FSRELPATH: 'name linkpath newpath oldpath',
  SOCKADDR: 'addr',
  SOCKTUPLE: 'tuple',
  FDLIST: 'fds',
  ENUMFLAGS8: 'how whence level optname resource act quota_fmt id_type',
  ENUMFLAGS16: 'request opcode',
  ENUMFLAGS32: 'domain cmd option aux attr',
  FLAGS16: 'creat_flags op quotactl_cmd semflg sem_flg_0 sem_flg_1 operation',
  FLAGS32: 'flags features nstype prot resolve clone_flags mask_flags',
  MODE: 'chmod_mode',
  SIGTYPE: 'sig signo signum',
  INT32: `backlog ID semid semnum sem_num_0 sem_num_1 nsems nr_args maxevents clockid val_int cpu action
    arg3_int arg4_int arg5_int min_complete to_submit`,
  INT64: 'arg2_int timeout cur max newcur newmax oldcur oldmax sem_op_0 sem_op_1 interval_ns reaper',
  UINT8: 'queuepct core',
  UINT16: 'nativeID sem_id',
  UINT32: `size mode proto type tty vm_size vm_rss vm_swap queuelen queuemax optlen mask cq_entries sq_entries
    sq_thread_cpu sq_thread_idle entries plugin_id nsops dqb_valid dqi_valid dqi_flags fsopts first last count
    event_id ratio index`,
  UINT64: `fdlimit pgft_maj pgft_min cap_inheritable cap_permitted cap_effective exe_ino ino length len initval
    argument val offin offout offset peer source pos pidns_init_start_ts arg pgoffset id who dqb_bhardlimit
    dqb_bsoftlimit dqb_curspace dqb_ihardlimit dqb_isoftlimit dqb_btime dqb_itime dqi_bgrace dqi_igrace ip
    futex_addr sigmask sigset nbytes`,
  ABSTIME: 'exe_ino_ctime exe_ino_mtime',
  RELTIME: 'interval duration',
};

const TYPES: ReadonlyMap<string, ValueType> = new Map(
  Object.entries(NAMES).flatMap(([type, names]) =>
    names.split(/\s+/).map((name) => [name, type as ValueType] as const),
  ),
);

/** Type of the parameter; undefined for an unknown name. */
export function parameterType(name: string): ValueType | undefined {
  return TYPES.get(name);
}

/** Whether the text begins with a parameter's name: `names`, `flagsx`. */
export function beginsWithParameter(text: string): boolean {
  return [...TYPES.keys()].some((name) => text.startsWith(name));
}
