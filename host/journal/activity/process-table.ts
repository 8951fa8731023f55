// Who is who while a history is read: processes by the ids of their images and by their pids.

import type { ProcessView } from '../process-view.ts';
import { Process, stateOf } from './process.ts';
import type { Command } from './session.ts';

/** Ends of processes that are kept, because their events may come later. */
const ENDS_KEPT = 4096;

export interface ImageOwner {
  readonly process: Process;
  /** What the process ran when it had that image. */
  readonly command: Command | undefined;
}

export class ProcessTable {
  readonly #images = new Map<bigint, ImageOwner>();
  readonly #byPid = new Map<number, Process>();
  readonly #ended: Process[] = [];
  /** Number of the present history. */
  #history = 0;

  /** Before each history: image ids of another run of the agent mean other processes. */
  begin(): void {
    this.#history++;
    for (const { process } of this.#images.values()) process.images.length = 0;
    this.#images.clear();
  }

  ownerOf(image: bigint): ImageOwner | undefined {
    return this.#images.get(image);
  }

  /** The image is one of the process, with the command that it runs now. */
  own(image: bigint, process: Process): void {
    this.#images.set(image, { process, command: process.command });
    process.images.push(image);
  }

  /** The process of an image that follows another, or is repeated: each history has the images that it needs. */
  known(view: ProcessView): Process | undefined {
    const before = this.#images.get(view.previous);
    if (before) return before.process;
    const known = this.#byPid.get(view.pid);
    return known?.isSame(view.pid, view.start) ? known : undefined;
  }

  /** Undefined if its image was lost. */
  make(view: ProcessView, ranBefore: boolean): Process | undefined {
    if (!view.image) return undefined;
    const parent = this.#images.get(view.parent)?.process ?? this.#parentByPid(view);
    const process = new Process(view.pid, view.start, parent, ranBefore, stateOf(view.image));
    this.noteImage(process, view);
    this.#byPid.set(view.pid, process);
    return process;
  }

  noteImage(process: Process, { time }: ProcessView): void {
    process.imageTime = time;
    process.history = this.#history;
  }

  /** Whether the history before has that image of the process already. Within one, images are in their order, whatever the clock says. */
  wasRead(process: Process, { time }: ProcessView): boolean {
    return process.history !== this.#history && process.imageTime >= time;
  }

  /** The process that the end is of, once. */
  end(view: ProcessView): Process | undefined {
    const process = this.#images.get(view.id)?.process ?? this.#byPid.get(view.pid);
    if (!process || process.isOver) return undefined;
    process.isOver = true;
    this.#ended.push(process);
    if (this.#ended.length > ENDS_KEPT) this.#forget(this.#ended.splice(0, ENDS_KEPT / 2));
    return process;
  }

  #parentByPid(view: ProcessView): Process | undefined {
    const found = this.#byPid.get(view.ppid);
    return found && found.pid !== view.pid && found.start <= view.start ? found : undefined;
  }

  #forget(processes: readonly Process[]): void {
    for (const process of processes) {
      for (const id of process.images) {
        if (this.#images.get(id)?.process === process) this.#images.delete(id);
      }
      if (this.#byPid.get(process.pid) === process) this.#byPid.delete(process.pid);
    }
  }
}
