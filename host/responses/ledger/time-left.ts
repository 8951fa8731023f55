// When an entry is to be undone: by the time since the start of the machine, which no step of its clock changes.

import { readFile } from 'node:fs/promises';
import type { LedgerEntry } from '../ledger-entry.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Id of the machine's current boot. */
export async function bootId(): Promise<string> {
  return (await readFile(BOOT_ID, 'utf8')).trim();
}

/** ms since the machine was started, the same for each process. */
export function uptime(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** ms until it is undone, negative when that is overdue; undefined: by people. After a restart of the machine only its clock is left to ask. */
export function timeLeft({ undoAt, undoAtUptime, boot }: LedgerEntry, currentBoot: string): number | undefined {
  if (undoAtUptime !== undefined && boot === currentBoot) return undoAtUptime - uptime();
  return undoAt === undefined ? undefined : undoAt - Date.now();
}
