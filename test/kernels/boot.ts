// Boots a guest until its first process reports. A kernel that hangs before that is started once more: with two processors emulated by threads, 7.3 has hung
// so before its console's first line, each processor in a loop with interrupts off (30 November 2026, once in some hundred boots). Nothing of the
// project has run by then, and the test's output says that it was done.

import { setTimeout as pause } from 'node:timers/promises';
import { Machine, type MachineParts } from './machine.ts';
import { parseResult, type Result } from './results.ts';

/** Boots take 3 to 20 s, beside two others on a busy machine. */
const BOOT_SECONDS = 180;
const BOOTS = 2;

export interface BootedGuest {
  readonly machine: Machine;
  /** What the guest reports after its first report. */
  readonly reports: AsyncGenerator<Result, undefined>;
  /** Undefined if the machine ended, or hung each time. */
  readonly first: Result | undefined;
}

/** @param onHang called with what is known of a machine that is given up */
export async function bootGuest(parts: MachineParts, onHang: (message: string) => void): Promise<BootedGuest> {
  for (let boot = 1; ; boot++) {
    const machine = new Machine(parts);
    const reports = resultsOf(machine);
    const patience = new AbortController();
    const hung = pause(BOOT_SECONDS * 1000, 'hung' as const, { signal: patience.signal });
    // Rejects when it is not needed any more.
    hung.catch(() => {});
    const first = await Promise.race([reports.next(), hung]);
    patience.abort();
    if (first !== 'hung') return { machine, reports, first: first.value };
    if (boot === BOOTS) return { machine, reports, first: undefined };
    const busy = machine.cpuSeconds().toFixed(0);
    onHang(`its kernel hung for ${BOOT_SECONDS} s (${busy} s of a processor) before its first process: started again`);
    machine.stop();
  }
}

async function* resultsOf(machine: Machine): AsyncGenerator<Result, undefined> {
  for await (const line of machine.console()) {
    const result = parseResult(line);
    if (result) yield result;
  }
}
