// Alerts as lines on standard output.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { type Alert, type AlertFormat, alertLine } from './alert.ts';
import { LineWriter } from './line-writer.ts';
import type { Output } from './output.ts';

export interface LineOutputOptions {
  readonly json: boolean;
  readonly format: AlertFormat;
  /** Alerts that may wait; further ones are dropped. 0, the default: some thousands. */
  readonly capacity?: number;
  /** Called with the first of consecutive write errors. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

const STANDARD_OUTPUT = 1;

/** Standard output, or any other descriptor of this process. */
export function descriptorOutput(options: LineOutputOptions, descriptor = STANDARD_OUTPUT): Output {
  const own = reopenWithoutBlocking(descriptor);
  return lineOutput('stdout', own ?? descriptor, own !== undefined, options);
}

/** @param isReopened it does not block, and is closed at the end */
function lineOutput(name: string, descriptor: number, isReopened: boolean, options: LineOutputOptions): Output {
  const { capacity = 0, onError } = options;
  const writer = new LineWriter(descriptor, onError, { capacity, isNonBlocking: isReopened });
  return {
    name,
    write(alert: Alert) {
      writer.push(alertLine(alert, options));
    },
    drained: () => writer.drained(),
    async close(timeoutMs: number) {
      await writer.close(timeoutMs);
      if (isReopened) closeSync(descriptor);
    },
    get counters() {
      return writer.counters;
    },
  };
}

/**
 * Reopens a pipe or terminal, so that O_NONBLOCK applies only to this process: set on the descriptor itself it would apply to
 * everyone who shares it, the shell included. Files don't block, and a second description of one would write at its own offset.
 */
function reopenWithoutBlocking(descriptor: number): number | undefined {
  const stat = fstatSync(descriptor);
  if (!stat.isFIFO() && !stat.isCharacterDevice()) return undefined;
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // A terminal of another user, or no /proc: use blocking writes on a thread of Node's pool.
    return undefined;
  }
}
