// Timers for times that people write. Node's own end at once where the time is longer than they count: 24 days.

/** The longest time that a timer of Node's takes. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** As setTimeout(), after a time of any length. Returns what gives it up. */
export function startTimer(work: () => void, milliseconds: number): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    const further = left - LONGEST_TIMER_MS;
    timer = setTimeout(() => (further > 0 ? wait(further) : work()), Math.min(left, LONGEST_TIMER_MS));
  };
  wait(milliseconds);
  return () => clearTimeout(timer);
}
