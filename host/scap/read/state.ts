// What events do to processes and their descriptors, as Falco follows it.

import { EINPROGRESS, EXECUTABLE_FLAGS, NOTHING } from '../format/calls.ts';
import type { Descriptor } from './descriptor.ts';
import { changeDescriptors, connect, madeDescriptor, usedDescriptor } from './descriptor-changes.ts';
import type { ScapEvent } from './event.ts';
import { streamOf } from './images.ts';
import { withoutDeleted } from './metadata.ts';
import { absolutePath } from './paths.ts';
import type { Capabilities, Process, ProcessFacts } from './process.ts';
import type { ProcessTable } from './process-table.ts';

const RLIMIT_NOFILE = 7;
const UNCHANGED = 0xffffffff;

/** libs' clone flags. */
const CLONE = {
  NEWPID: 0x40,
  PARENT: 0x100,
  THREAD: 0x2000,
  NEWUSER: 0x100000,
  VFORK: 0x8000000,
  IN_PIDNS: 0x20000000,
};
const ALL_CAPABILITIES = (1n << 41n) - 1n;

/** Calls that change the name of a descriptor. */
const NAMING: ReadonlySet<string> = new Set(
  'open openat openat2 creat open_by_handle_at bind connect accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg'.split(
    ' ',
  ),
);

/** What an event was about. */
export interface Outcome {
  readonly process: Process;
  /** header.fd */
  readonly fd: number;
  readonly descriptor: Descriptor | undefined;
  /** The event changed its name. */
  readonly nameChanged: boolean;
}

export class State {
  readonly #table: ProcessTable;

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  /** Applies an event of a thread. @throws {ScapError} */
  apply(event: ScapEvent): Outcome {
    const process = this.#table.ofThread(event.raw.tid);
    const before = process.descriptors.get(usedDescriptor(event) ?? -1);
    this.#change(event, process);
    const fd = madeDescriptor(event) ?? usedDescriptor(event) ?? -1;
    const found = process.descriptors.get(fd);
    const nameChanged = found !== undefined && found !== before && NAMING.has(event.name);
    return { process, fd, descriptor: found ?? before, nameChanged };
  }

  #change(event: ScapEvent, process: Process): void {
    switch (event.name) {
      case 'clone':
      case 'clone3':
      case 'fork':
      case 'vfork':
        this.#clone(event, process);
        return;
      case 'execve':
      case 'execveat':
        if (event.result >= 0n) this.#execute(event, process);
        return;
      case 'procexit':
        this.#table.end(event.raw.tid, event.number('reaper_tid') ?? 0);
        return;
      default:
        if (event.result >= 0n) this.#succeeded(event, process);
        else if (event.name === 'connect' && -event.result === EINPROGRESS) connect(event, process);
    }
  }

  #succeeded(event: ScapEvent, process: Process): void {
    switch (event.name) {
      case 'chdir':
      case 'getcwd': {
        const path = event.text('path');
        if (path) process.change({ cwd: absolutePath(process.facts.cwd, path) });
        return;
      }
      case 'fchdir': {
        const directory = process.descriptors.get(event.number('fd') ?? -1);
        if (directory) process.change({ cwd: directory.name });
        return;
      }
      case 'chroot':
        process.change({ root: event.text('path') ?? process.facts.root });
        return;
      case 'setuid':
        changeUser(process, event.number('uid'));
        return;
      case 'setreuid':
      case 'setresuid':
        changeUser(process, event.number('euid'));
        return;
      case 'setgid':
        changeGroup(process, event.number('gid'));
        return;
      case 'setregid':
      case 'setresgid':
        changeGroup(process, event.number('egid'));
        return;
      case 'setsid':
        process.change({ sid: Number(event.result) });
        return;
      case 'capset': {
        const capabilities = capabilitiesOf(event);
        if (capabilities) process.change({ capabilities });
        return;
      }
      case 'unshare':
      case 'setns': {
        const flags = event.number(event.name === 'setns' ? 'nstype' : 'flags') ?? 0;
        if ((flags & CLONE.NEWUSER) === 0) return;
        const all = ALL_CAPABILITIES;
        process.change({ capabilities: { inheritable: all, permitted: all, effective: all } });
        return;
      }
      case 'prlimit': {
        const current = event.big('newcur');
        if (event.number('resource') !== RLIMIT_NOFILE || current === undefined || current < 0n) return;
        if ((event.number('pid') ?? 0) === 0) process.change({ fdLimit: current });
        return;
      }
      default:
        changeDescriptors(event, process);
    }
  }

  #clone(event: ScapEvent, process: Process): void {
    const { result } = event;
    if (result < 0n) return;
    const flags = event.number('flags') ?? 0;
    const isThread = (flags & CLONE.THREAD) !== 0;
    const time = event.raw.time;
    const facts = { ...programOf(event), ...cloneFacts(event) };
    if (result === 0n) {
      const pid = event.number('pid') ?? event.raw.tid;
      const ppid = event.number('ptid') ?? 0;
      const parent = isThread ? this.#table.find(pid) : this.#table.find(ppid);
      const vtid = event.number('vtid') ?? event.raw.tid;
      const own = { vpid: event.number('vpid') ?? pid };
      const birth = { tid: event.raw.tid, pid, vtid, parent, ppid, madeBy: 'child', time, isThread } as const;
      // A stand-in may have been made for the thread just now.
      this.#table.born({ ...birth, facts: { ...facts, ...own } });
      return;
    }
    const elsewhere = (flags & (CLONE.VFORK | CLONE.IN_PIDNS | CLONE.NEWPID | CLONE.PARENT)) !== 0;
    if (event.name === 'vfork' || elsewhere || this.#table.vtid(event.raw.tid) !== event.raw.tid) return;
    const tid = Number(result);
    const pid = isThread ? process.pid : tid;
    const birth = {
      tid,
      pid,
      vtid: tid,
      parent: process,
      ppid: process.pid,
      madeBy: 'parent',
      time,
      isThread,
    } as const;
    this.#table.born({ ...birth, facts: { ...facts, vpid: pid } });
  }

  #execute(event: ScapEvent, process: Process): void {
    this.#table.runs(process, event.number('ptid'));
    process.change({ ...programOf(event), ...executedFacts(event, process.facts) });
    process.change({ stream: streamOf(process) });
  }
}

function changeUser(process: Process, uid: number | undefined): void {
  if (uid !== undefined && uid !== UNCHANGED) process.change({ uid });
}

function changeGroup(process: Process, gid: number | undefined): void {
  if (gid !== undefined && gid !== UNCHANGED) process.change({ gid });
}

function capabilitiesOf(event: ScapEvent): Capabilities | undefined {
  const inheritable = event.big('cap_inheritable');
  const permitted = event.big('cap_permitted');
  const effective = event.big('cap_effective');
  if (inheritable === undefined || permitted === undefined || effective === undefined) return undefined;
  return { inheritable, permitted, effective };
}

/** What execve and clone say of the program; what they lack stays. */
function programOf(event: ScapEvent): Partial<ProcessFacts> {
  const size = event.number('vm_size');
  const [rss, swap] = [event.number('vm_rss') ?? 0, event.number('vm_swap') ?? 0];
  const [major, minor] = [event.big('pgft_maj'), event.big('pgft_min') ?? 0n];
  return present({
    comm: event.text('comm'),
    exe: event.text('exe'),
    args: event.texts('args'),
    cgroups: event.texts('cgroups'),
    fdLimit: event.big('fdlimit'),
    memory: size === undefined ? undefined : { size, rss, swap },
    faults: major === undefined ? undefined : { major, minor },
    uid: event.number('uid'),
    gid: event.number('gid'),
  });
}

function cloneFacts(event: ScapEvent): Partial<ProcessFacts> {
  return present({ pidnsStart: event.big('pidns_init_start_ts') || undefined });
}

function executedFacts(event: ScapEvent, before: ProcessFacts): Partial<ProcessFacts> {
  const flags = event.number('flags');
  const executable = event.text('trusted_exepath') ?? event.entered?.text('filename');
  return present({
    // Arguments and environment of a program that has none are empty, which is the same as not known.
    args: event.texts('args') ?? NOTHING,
    environment: event.texts('env') ?? before.environment,
    exepath: executable && withoutDeleted(executable),
    tty: event.number('tty'),
    vpgid: event.number('vpgid'),
    pgid: event.number('pgid'),
    loginUid: event.number('loginuid'),
    flags: flags === undefined ? undefined : flags & EXECUTABLE_FLAGS,
    capabilities: capabilitiesOf(event),
    exeInode: event.big('exe_ino'),
    exeCtime: event.big('exe_ino_ctime'),
    exeMtime: event.big('exe_ino_mtime'),
  });
}

type Present<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> };

/** Without members that are undefined. */
function present<Members extends object>(members: Members): Present<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<Members>;
}
