// CPU time of a compiling process. Its limit is not wall-clock time, because a busy machine would make valid rules invalid.

import { readFileSync } from 'node:fs';

/** Linux reports it in hundredths of a second on every processor. */
const TICK_MS = 10;

/** The limit of wall-clock time, as a multiple of that of CPU time: for a process that neither runs nor ends. */
export const PATIENCE = 10;

/** In ms; 0 if it has ended. */
export function cpuMilliseconds(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Its name, in parentheses, may have blanks.
    const [, , , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')')).split(' ');
    return TICK_MS * (Number(user) + Number(system));
  } catch {
    return 0;
  }
}
