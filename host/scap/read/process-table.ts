// The processes of a savefile: from its list, then as they fork, run programs and end.

import { DESCRIPTOR_ROLE } from '../../schema/event-structs.ts';
import { LONGEST_CHAIN } from '../../schema/image.ts';
import { ScapError } from '../format/error.ts';
import { asServer, type Descriptor } from './descriptor.ts';
import { DescriptorCount, Descriptors } from './descriptors.ts';
import type { ListedDescriptors, ListedThread } from './metadata.ts';
import { MOST_THREADS, Process, type ProcessFacts, UNKNOWN_FACTS } from './process.ts';

interface Thread {
  readonly process: Process;
  /** In its own pid namespace. */
  readonly vtid: number;
  /** The event that made it: its own, its parent's, or none. */
  readonly madeBy: 'child' | 'parent' | undefined;
  readonly madeAt: bigint;
}

/** The child's event leaves a thread alone that an event made within this time, ns. */
const JUST_MADE = 2_000_000_000n;

export interface Birth {
  readonly tid: number;
  readonly pid: number;
  readonly vtid: number;
  readonly parent: Process | undefined;
  readonly ppid: number;
  readonly madeBy: 'child' | 'parent';
  readonly time: bigint;
  readonly isThread: boolean;
  readonly facts: Partial<ProcessFacts>;
}

export class ProcessTable {
  readonly #threads = new Map<number, Thread>();
  readonly #descriptorCount = new DescriptorCount();
  /** Processes of the list, until the first event: their parents may follow them. */
  #listed: { readonly process: Process; readonly ppid: number }[] = [];
  readonly #onEnd: (process: Process) => void;

  /** @param onEnd called for a process that has an image */
  constructor(onEnd: (process: Process) => void) {
    this.#onEnd = onEnd;
  }

  /** All processes. */
  *processes(): Generator<Process> {
    for (const [tid, { process }] of this.#threads) if (process.pid === tid) yield process;
  }

  /** @throws {ScapError} when there are too many threads, as of events that make one */
  list(threads: readonly ListedThread[]): void {
    for (const { tid, pid, ppid, vtid, facts } of threads) {
      if (tid !== pid) continue;
      const process = this.#new(pid, ppid, facts);
      this.#put(tid, { process, vtid, madeBy: undefined, madeAt: 0n });
      this.#listed.push({ process, ppid });
    }
    for (const { tid, pid, vtid, facts } of threads) {
      if (tid === pid) continue;
      const process = this.#threads.get(pid)?.process ?? this.#new(pid, 0, facts);
      this.#put(tid, { process, vtid, madeBy: undefined, madeAt: 0n });
    }
  }

  listDescriptors({ tid, descriptors }: ListedDescriptors): void {
    const process = this.#threads.get(tid)?.process;
    for (const { number, descriptor } of descriptors) process?.descriptors.set(number, descriptor);
  }

  /** The lists are complete. */
  endLists(): void {
    for (const { process, ppid } of this.#listed) {
      const parent = ppid > 0 && ppid !== process.pid ? this.#threads.get(ppid)?.process : undefined;
      if (parent && mayBeParent(parent, process)) process.parent = parent;
    }
    this.#listed = [];
    const listening = new Set<number>();
    for (const one of this.#descriptors()) {
      if (one.socket?.role === DESCRIPTOR_ROLE.SERVER) listening.add(one.socket.local.port);
    }
    for (const process of this.processes()) {
      for (const [number, one] of [...process.descriptors]) {
        const isClient = one.socket?.role === DESCRIPTOR_ROLE.CLIENT && one.kind === '4';
        if (isClient && listening.has(one.socket?.local.port ?? 0)) process.descriptors.set(number, asServer(one));
      }
    }
  }

  *#descriptors(): Generator<Descriptor> {
    for (const process of this.processes()) yield* process.descriptors.values();
  }

  find(tid: number): Process | undefined {
    return this.#threads.get(tid)?.process;
  }

  vtid(tid: number): number {
    return this.#threads.get(tid)?.vtid ?? tid;
  }

  /** The process of a thread; for a thread that the file does not have, one without a name. */
  ofThread(tid: number): Process {
    const known = this.find(tid);
    if (known) return known;
    const process = this.#new(tid, 0, { ...UNKNOWN_FACTS, vpid: tid });
    this.#put(tid, { process, vtid: tid, madeBy: undefined, madeAt: 0n });
    return process;
  }

  /** Adds a process that was made, by the child's or the parent's event. */
  born({ tid, pid, vtid, parent, ppid, madeBy, time, isThread, facts }: Birth): void {
    const before = this.#threads.get(tid);
    if (before?.madeBy !== undefined) {
      if (madeBy === 'parent' ? before.madeBy === 'child' : time - before.madeAt < JUST_MADE) return;
    }
    if (isThread) {
      const process = this.find(pid) ?? parent;
      if (process) this.#put(tid, { process, vtid, madeBy, madeAt: time });
      return;
    }
    if (before) this.end(tid, 0);
    const all = { ...(parent?.facts ?? UNKNOWN_FACTS), ...facts, startTime: time };
    const process = this.#new(pid, ppid, all, parent?.descriptors.fork());
    this.#put(tid, { process, vtid, madeBy, madeAt: time });
    if (parent) process.parent = parent;
  }

  /** A process runs another program: its other threads end. */
  runs(process: Process, ppid: number | undefined): void {
    for (const tid of process.threads) if (tid !== process.pid) this.#forget(tid);
    if (!process.parent && ppid !== undefined && ppid > 0) {
      const parent = this.find(ppid);
      process.ppid = ppid;
      if (parent && mayBeParent(parent, process)) process.parent = parent;
    }
    for (const [number, { closesOnExec }] of [...process.descriptors]) {
      if (closesOnExec) process.descriptors.delete(number);
    }
    process.lineage = {};
  }

  /** @param reaper thread that inherits its children; 0: not known */
  end(tid: number, reaper: number): void {
    const thread = this.#threads.get(tid);
    if (!thread) return;
    const { process } = thread;
    this.#forget(tid);
    if (process.threads.size > 0 && tid !== process.pid) return;
    for (const other of process.threads) this.#forget(other);
    const adopting = reaper > 0 ? this.find(reaper) : this.find(INIT);
    for (const child of [...process.children]) {
      child.parent = adopting && mayBeParent(adopting, child) ? adopting : undefined;
      if (!child.parent) child.ppid = 0;
      child.linked = undefined;
    }
    process.parent = undefined;
    process.descriptors.release();
    if (process.image !== 0n) this.#onEnd(process);
  }

  /** Another savefile begins. */
  clear(): void {
    for (const process of [...this.processes()]) this.end(process.pid, 0);
    this.#threads.clear();
    this.#listed = [];
  }

  #new(pid: number, ppid: number, facts: ProcessFacts, descriptors = new Descriptors(this.#descriptorCount)): Process {
    return new Process(pid, ppid, facts, descriptors);
  }

  #put(tid: number, thread: Thread): void {
    if (this.#threads.size >= MOST_THREADS && !this.#threads.has(tid)) {
      throw new ScapError('SCAP_THREADS', `it has more than ${MOST_THREADS} threads at a time`);
    }
    this.#threads.get(tid)?.process.threads.delete(tid);
    this.#threads.set(tid, thread);
    thread.process.threads.add(tid);
  }

  #forget(tid: number): void {
    this.#threads.get(tid)?.process.threads.delete(tid);
    this.#threads.delete(tid);
  }
}

const INIT = 1;

/** Not of its own ancestors, and not below a chain so long that nothing follows it to its end. */
function mayBeParent(parent: Process, process: Process): boolean {
  let one: Process | undefined = parent;
  for (let length = 0; length < LONGEST_CHAIN; length++) {
    if (!one) return true;
    if (one === process) return false;
    one = one.parent;
  }
  return false;
}
