// What a reader of the savefile knows of processes at this point of it, and the events that tell it what it lacks. Recordings have processes
// as images and descriptors as the kernel had them at each event; savefiles have the calls that lead there. The missing ones are written
// before the event that needs them, as events that update the reader's state and that no rule sees.

import { latin1 } from '../../fields/value.ts';
import { exitType, scapType } from '../format/event-table.ts';
import { encodeEvent, type Values } from './encode.ts';
import { LONGEST_LIST } from './head.ts';
import { credentialsOf, forget, inherit, type KnownProcess, mayBeIpSocket } from './known-process.ts';
import { directory, makingCalls } from './making-calls.ts';
import { execValues, type ProcessImage, programValues } from './process-image.ts';
import { printOf, type UsedDescriptor } from './used-descriptor.ts';

/** libs' clone flags. */
const CLONE_THREAD_FILES = 0x2001;
const CHILD_IN_PIDNS = 0x20000000;
const PROCEXIT = scapType(186);
/** A process and its ancestors, gone through for each event: anybody can fork a line of any length. The reader follows as many. */
const LONGEST_LINE = 1024;
/** A negative number that no call takes: unchanged. */
const UNCHANGED = 0xffffffff;

export class ReaderState {
  readonly #processes = new Map<number, KnownProcess>();
  /** By pid: how they began, of those that live. */
  readonly #forks = new Map<number, ProcessImage>();
  /** Pids of children that the reader has by events of their parents alone. */
  readonly #announced = new Set<number>();
  readonly #write: (block: Uint8Array) => void;

  constructor(write: (block: Uint8Array) => void) {
    this.#write = write;
  }

  /** A process of the list at the head. */
  list(image: ProcessImage): void {
    const parent = image.parent && this.#processes.get(image.parent.pid);
    const known = this.#add(image, parent);
    // Longer texts than the list has room for come with the first event.
    known.program = isListed(image) ? image.program : '';
    known.sid = image.sid;
    known.cwd = latin1(image.cwd);
    known.threads.set(image.pid, credentialsOf(image));
    known.isListed = true;
    if (image.stream) known.descriptors.set(0, { print: printOf(image.stream), closesOnExec: false });
  }

  /**
   * Brings a process and its ancestors to what an image says. An event of this image may follow.
   * @param tid of the thread that the event is of
   */
  bring(image: ProcessImage, tid: number, time: bigint, runsNow = false): KnownProcess {
    const known = this.#lineage(image, time);
    if (!runsNow && known.program !== image.program) this.#execute(known, image, time);
    if (known.sid !== image.sid) {
      this.#state('setsid', image.pid, time, { res: image.sid });
      known.sid = image.sid;
    }
    const cwd = latin1(image.cwd);
    if (known.cwd !== cwd && cwd !== '') {
      this.#state('chdir', image.pid, time, { res: 0, path: image.cwd });
      known.cwd = cwd;
    }
    if (!known.threads.has(tid)) this.#addThread(known, image, tid, time);
    if (!runsNow) this.#bringCredentials(known, image, tid, time);
    return known;
  }

  /** The process that a successful execve is about to run its program in has its standard streams. */
  bringStreams(known: KnownProcess, image: ProcessImage, time: bigint): void {
    if (image.stream) {
      const print = printOf(image.stream);
      const has = [0, 1].some((number) => known.descriptors.get(number)?.print === print);
      if (!has) this.bringDescriptor(known, image.pid, 0, image.stream, time);
      return;
    }
    for (const number of [0, 1]) {
      if (!mayBeIpSocket(known.descriptors.get(number))) continue;
      this.#state('close', image.pid, time, { res: 0, fd: number });
      known.descriptors.delete(number);
    }
  }

  /** A program was run by an event that was written. */
  ran(known: KnownProcess, image: ProcessImage): void {
    known.program = image.program;
    for (const tid of known.threads.keys()) if (tid !== known.pid) known.threads.delete(tid);
    known.threads.set(known.pid, credentialsOf(image));
    for (const [number, { closesOnExec }] of known.descriptors) if (closesOnExec) known.descriptors.delete(number);
  }

  /** A descriptor is what the kernel had. */
  bringDescriptor(known: KnownProcess, tid: number, fd: number, one: UsedDescriptor, time: bigint): void {
    const print = printOf(one);
    if (fd < 0 || known.descriptors.get(fd)?.print === print) return;
    for (const [name, values] of makingCalls(fd, one)) this.#state(name, tid, time, values);
    known.descriptors.set(fd, { print, closesOnExec: false });
  }

  /** A directory that a path starts from. */
  bringDirectory(known: KnownProcess, tid: number, fd: number, path: Uint8Array | undefined, time: bigint): void {
    if (fd < 0 || !path) return;
    this.bringDescriptor(known, tid, fd, directory(path), time);
  }

  /** An event that was written has made, changed or closed a descriptor. */
  made(known: KnownProcess, fd: number, one: UsedDescriptor | undefined, closesOnExec?: boolean): void {
    if (fd < 0) return;
    const before = known.descriptors.get(fd)?.closesOnExec ?? false;
    if (one) known.descriptors.set(fd, { print: printOf(one), closesOnExec: closesOnExec ?? before });
    else known.descriptors.delete(fd);
  }

  find(pid: number): KnownProcess | undefined {
    return this.#processes.get(pid);
  }

  /** A process was forked: its first image. */
  forked(image: ProcessImage): void {
    this.#forks.set(image.pid, image);
  }

  /**
   * The event that comes next says that a process has made a child. Readers make the child by it, as the parent is then, and take nothing from the
   * child's own clone: so that is written first.
   */
  announce(pid: number, parent: KnownProcess, time: bigint): void {
    const child = this.#forks.get(pid);
    if (child?.parent?.process === parent.process) this.#lineage(child, time);
    else this.#announced.add(pid);
    const known = this.#processes.get(pid);
    if (!known?.isListed) return;
    forget(known);
    known.isListed = false;
  }

  /** A process has ended, and no process that lives has it as its parent. */
  ended({ process, pid }: ProcessImage, status: number, time: bigint): void {
    const known = this.#processes.get(pid);
    if (known?.process === process) this.#end(known, status, time);
    else if (!known && this.#announced.has(pid)) this.#exit(pid, status, time);
    this.#announced.delete(pid);
    if (this.#forks.get(pid)?.process === process) this.#forks.delete(pid);
  }

  #end(known: KnownProcess, status: number, time: bigint): void {
    for (const tid of known.threads.keys()) if (tid !== known.pid) this.#exit(tid, status, time);
    this.#exit(known.pid, status, time);
    known.parent?.children.delete(known);
    for (const child of known.children) child.parent = undefined;
    this.#processes.delete(known.pid);
  }

  #exit(tid: number, status: number, time: bigint): void {
    this.#state('procexit', tid, time, { status, ret: status >> 8, sig: status & 0x7f, core: (status >> 7) & 1 });
  }

  /** The process with its ancestors, each with its program. */
  #lineage(image: ProcessImage, time: bigint): KnownProcess {
    const chain: ProcessImage[] = [];
    for (let one: ProcessImage | undefined = image; one && chain.length < LONGEST_LINE; one = one.parent)
      chain.push(one);
    let parent: KnownProcess | undefined;
    for (const one of chain.reverse()) {
      const known = this.#existing(one, parent, time);
      if (one !== image && known.program !== one.program) this.#execute(known, one, time);
      parent = known;
    }
    if (!parent) throw new Error('a process has no image');
    return parent;
  }

  #existing(image: ProcessImage, parent: KnownProcess | undefined, time: bigint): KnownProcess {
    const found = this.#processes.get(image.pid);
    if (found?.process === image.process) return found;
    if (found) this.#end(found, 0, time);
    const known = this.#add(image, parent);
    const flags = image.vpid === image.pid ? 0 : CHILD_IN_PIDNS;
    const values = { res: 0, ...programValues(image, image.pid), flags, vtid: image.vpid, vpid: image.vpid };
    this.#state('clone', image.pid, birthTime(image, time), { ...values, pidns_init_start_ts: 0 });
    if (this.#announced.delete(image.pid)) forget(known);
    else inherit(known, image);
    return known;
  }

  #add(image: ProcessImage, parent: KnownProcess | undefined): KnownProcess {
    const known: KnownProcess = {
      pid: image.pid,
      process: image.process,
      parent,
      children: new Set(),
      isListed: false,
      program: '',
      sid: -1,
      cwd: '',
      threads: new Map(),
      descriptors: new Map(),
    };
    parent?.children.add(known);
    this.#processes.set(image.pid, known);
    return known;
  }

  #execute(known: KnownProcess, image: ProcessImage, time: bigint): void {
    this.bringStreams(known, image, time);
    this.#state('execve', image.pid, time, { res: 0, ...execValues(image, image.pid), filename: image.exepath });
    this.ran(known, image);
  }

  #addThread(known: KnownProcess, image: ProcessImage, tid: number, time: bigint): void {
    // Of a thread in a pid namespace readers must know that it is in one: they take the children that it makes for processes outside of it.
    const vtid = image.vpid === image.pid ? tid : image.vpid;
    const values = { res: 0, ...programValues(image, tid), flags: CLONE_THREAD_FILES, vtid, vpid: image.vpid };
    this.#state('clone', tid, birthTime(image, time), values);
    known.threads.set(tid, known.threads.get(known.pid) ?? credentialsOf(image));
  }

  #bringCredentials(known: KnownProcess, image: ProcessImage, tid: number, time: bigint): void {
    const has = known.threads.get(tid);
    const wants = credentialsOf(image);
    if (has?.uid !== wants.uid)
      this.#state('setresuid', tid, time, { res: 0, ruid: UNCHANGED, euid: wants.uid, suid: UNCHANGED });
    if (has?.gid !== wants.gid)
      this.#state('setresgid', tid, time, { res: 0, rgid: UNCHANGED, egid: wants.gid, sgid: UNCHANGED });
    if (has?.capabilities !== wants.capabilities) {
      const [inheritable, permitted, effective] = image.capabilities;
      const values = { cap_inheritable: inheritable, cap_permitted: permitted, cap_effective: effective };
      this.#state('capset', tid, time, { res: 0, ...values });
    }
    known.threads.set(tid, wants);
  }

  #state(call: string, tid: number, time: bigint, values: Values): void {
    const type = (call === 'procexit' && PROCEXIT) || exitType(call);
    this.#write(encodeEvent({ type, time, tid, cpu: 0, values, stateOnly: true }));
  }
}

/**
 * Rings of several CPUs are not in order: the clone of a process may follow an event of its child that came later. libs takes a process for
 * another one with the same pid if it was made after its own clone, or 2 s before it.
 */
function birthTime({ startTime }: ProcessImage, time: bigint): bigint {
  const earliest = time > CLONE_WAITS ? time - CLONE_WAITS : 0n;
  return startTime > earliest && startTime <= time ? startTime : earliest;
}

/** ns */
const CLONE_WAITS = 1_900_000_000n;

function isListed({ args, environment }: ProcessImage): boolean {
  return args.length <= LONGEST_LIST && environment.length <= LONGEST_LIST;
}
