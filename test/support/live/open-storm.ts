// Storms of opens on all CPUs, and what an agent's counters must come to after one.

import assert from 'node:assert/strict';
import { findEventType } from '../../../host/schema/events/index.ts';
import { makeDirectory } from '../directory.ts';
import { CPUS } from './cpus.ts';
import { act, type Call, str } from './live-act.ts';
import { AT_FDCWD, O } from './live-numbers.ts';
import { probe } from './probe.ts';
import { TIME_FACTOR } from './time-factor.ts';

export const MARK = '/nonexistent/storm-mark';
/** One name alone is reported. Without the kernel filter every event is evaluated, with it every other one. */
export const OPENS = probe(['openat', 'umount2'], ['fd.name', 'proc.name'], `evt.arg.name = ${MARK}`);

/** Turns of each loop. In a guest, where ten times as many take a minute, fewer show as well that each call is counted. */
export const TURNS = TIME_FACTOR > 1 ? 5_000 : 150_000;

export interface Totals {
  readonly produced: readonly number[];
  readonly evaluated: readonly number[];
  readonly filtered: readonly number[];
  readonly dropped: readonly number[];
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Of the final counters, when nothing is under way any more. */
export function assertBalanced({ produced, evaluated, filtered, dropped }: Totals): void {
  assert.equal(
    sum(evaluated) + sum(filtered) + sum(dropped),
    sum(produced),
    `produced ${produced}, evaluated ${evaluated}, filtered ${filtered}, dropped ${dropped}`,
  );
}

/** Of a type of event that nothing else on the machine makes meanwhile: as many as there were calls, to the last one. */
export function assertCounted(totals: Totals, type: string, calls: number): void {
  const counts = countsOf(totals, type);
  assert.equal(sum(counts), calls, `${type}: ${counts} evaluated, filtered and dropped of ${calls}`);
}

/** Events of a type that were evaluated, filtered and dropped. */
export function countsOf({ evaluated, filtered, dropped }: Totals, type: string): number[] {
  const { number } = findEventType(type) ?? assert.fail();
  return [evaluated, filtered, dropped].map((totals) => totals[number] ?? 0);
}

export async function openStorm(): Promise<Call[]> {
  const file = makeDirectory();
  try {
    const loops = CPUS.map((cpu) =>
      act([
        ['@cpu', cpu],
        ['@loop', TURNS],
        ['openat', AT_FDCWD, str(file.path), O.RDONLY],
        ['close', 'r'],
        ['umount2', str('/nonexistent/storm'), 0],
      ]),
    );
    return (await Promise.all(loops)).flat();
  } finally {
    file.remove();
  }
}
