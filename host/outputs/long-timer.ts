// Timers of any length. Node's own timers end at once if the time exceeds their limit of 24 days.

/** The longest time of a Node timer. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Like setTimeout(), for a time of any length. Returns a function that cancels it. */
export function startTimer(work: () => void, milliseconds: number): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    const further = left - LONGEST_TIMER_MS;
    timer = setTimeout(() => (further > 0 ? wait(further) : work()), Math.min(left, LONGEST_TIMER_MS));
  };
  wait(milliseconds);
  return () => clearTimeout(timer);
}
