// When each part of a state was taken, in ms after the alert's event: a state is worth as much as it is near to that.

import { STATE_PARTS, type StateTimes } from './state.ts';

/** The process and the time that a state is of. */
export interface Subject {
  readonly pid: number;
  /** ns since the epoch. */
  readonly time: bigint;
}

/** Hashes may come later: files seldom change. */
const DUE = STATE_PARTS.filter((part) => part !== 'hashes');

const NAMES = {
  fired: 'the process that fired',
  processes: 'processes',
  files: 'mounts and changed files',
  details: 'open files and memory',
  hashes: 'hashes',
} as const satisfies Record<(typeof STATE_PARTS)[number], string>;

/** Notes the time of each part when it is there. */
export class PartTimes {
  readonly #times: Partial<Record<keyof StateTimes, number>>;
  /** Time of the event, by performance.now(). */
  readonly #event: number;

  constructor({ time }: Subject) {
    this.#event = performance.now() - Math.max(0, Date.now() - Number(time / 1_000_000n));
    this.#times = { begun: this.#elapsed };
  }

  get #elapsed(): number {
    return Math.round(performance.now() - this.#event);
  }

  done(part: (typeof STATE_PARTS)[number]): void {
    this.#times[part] = this.#elapsed;
  }

  /** Once all parts are done. */
  get all(): StateTimes {
    const { begun = 0, fired = 0, processes = 0, files = 0, details = 0, hashes = 0 } = this.#times;
    return { begun, fired, processes, files, details, hashes };
  }
}

/** A sentence on the parts that came too late; undefined if none did. @param dueMs after the alert's event */
export function lateParts(times: StateTimes, dueMs: number): string | undefined {
  const late = DUE.filter((part) => times[part] > dueMs);
  if (late.length === 0) return undefined;
  const when = late.map((part) => `${NAMES[part]} ${times[part]} ms`);
  return `The state is later than ${dueMs} ms after the alert: ${when.join(', ')}.`;
}
