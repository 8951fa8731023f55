// A time by which something has to be done. It is processor time of this thread: on a machine under load (which a hostile process can make)
// the clock alone would leave nothing. Waits don't take any, so that there is a limit by the clock, too.

const MICROSECONDS_PER_MS = 1000;
const CLOCK_FACTOR = 10;

export class TimeLimit {
  readonly #end: number;
  readonly #clockEnd: number;

  /**
   * @param milliseconds of processor time
   * @param clockEnd a time of performance.now(); default: ten times as much from now
   */
  constructor(milliseconds: number, clockEnd = performance.now() + milliseconds * CLOCK_FACTOR) {
    this.#end = processorTime() + milliseconds;
    this.#clockEnd = clockEnd;
  }

  /** One that has processor time of its own from now on, and by the clock ends with this one. */
  part(milliseconds: number): TimeLimit {
    return new TimeLimit(milliseconds, this.#clockEnd);
  }

  get isOver(): boolean {
    return performance.now() >= this.#clockEnd || processorTime() >= this.#end;
  }
}

/** Processor time of this thread, in ms. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / MICROSECONDS_PER_MS;
}
