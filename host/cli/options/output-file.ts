// A file that a command writes as a whole: it is there when all of it is written, and what was there before stays until then.

import { closeSync, realpathSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { RecordingError } from '../../recording/format.ts';
import { pipeWithReader } from '../../recording/pipe-with-reader.ts';

export class OutputFile implements Disposable {
  /** What is written to. */
  readonly path: string;
  /** Undefined: it is written in place. */
  readonly #target: string | undefined;
  /** Descriptor of a pipe, which then has a writer all the time. */
  readonly #pipe: number | undefined;

  /** A device or a pipe, such as /dev/stdout, is written in place. Throws CommandFailure, and the errors of open() for a pipe. */
  constructor(output: string) {
    const there: Stats | undefined = statSync(output, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new CommandFailure(`can't write ${output}: it is a folder`);
    this.#pipe = there?.isFIFO() ? pipeOf(output) : undefined;
    this.#target = there && !there.isFile() ? undefined : there ? realpathSync(output) : output;
    this.path = this.#target === undefined ? output : `${this.#target}.part`;
  }

  /** Called when all is written: it takes its place. */
  complete(): void {
    if (this.#target !== undefined) renameSync(this.path, this.#target);
  }

  /** Called when it can't be written as a whole. What could not be opened is not removed: it is of others. */
  discard(reason: unknown): void {
    if (reason instanceof Error && 'syscall' in reason && reason.syscall === 'open') return;
    if (this.#target !== undefined) rmSync(this.path, { force: true });
  }

  [Symbol.dispose](): void {
    if (this.#pipe !== undefined) closeSync(this.#pipe);
  }
}

function pipeOf(path: string): number {
  try {
    return pipeWithReader(path);
  } catch (error) {
    throw error instanceof RecordingError ? new CommandFailure(`can't write ${path}: ${error.message}`) : error;
  }
}
