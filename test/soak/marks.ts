// A process that opens a marked file again and again, when it did so, and which alerts came of that.

import { rmSync, writeFileSync } from 'node:fs';
import { type Mark, parseMark, type RunningLoad, startLoad } from '../bench/load.ts';
import { quantile } from '../bench/statistics.ts';
import { type SoakAlert, timeOf } from './agent.ts';
import { MARK } from './rules.ts';
import type { Session } from './scenario.ts';

/** Times of load and alert are of one clock, read in two ways. */
const CLOCK_SLACK_NS = 1_000_000n;

export interface Marking {
  readonly marks: readonly Mark[];
  /** All were made, where there is an end. */
  readonly done: Promise<void>;
  /** Resolves when all are in `marks`. */
  stop(): Promise<void>;
}

export interface MarkOptions {
  /** A file of its own by default, of which MARK_RULE tells. */
  readonly path?: string;
  readonly rate: number;
  /** Without, it goes on. */
  readonly calls?: number;
}

let files = 0;

export function markFile(session: Session): string {
  const path = `${MARK}-${process.pid}-${files++}`;
  writeFileSync(path, '');
  session.atEnd(() => rmSync(path, { force: true }));
  return path;
}

export function startMarks(session: Session, { path = markFile(session), ...options }: MarkOptions): Marking {
  const marks: Mark[] = [];
  const load: RunningLoad = startLoad('mark', { seconds: 0, path, ...options }, (line) => marks.push(parseMark(line)));
  const stop = (): Promise<void> => load.stop();
  load.ended.catch(() => {}); // `done` rejects for whoever waits for it
  session.atEnd(stop);
  return { marks, done: load.ended, stop };
}

export interface Followed {
  readonly mark: Mark;
  readonly alert: SoakAlert | undefined;
}

/**
 * Each mark with its alert, by their times: that of an alert is behind its mark's and before the next one's. Of marks that follow on
 * each other at once it may be another's.
 * @param alerts of that file and that process alone
 */
export function follow(marks: readonly Mark[], alerts: readonly SoakAlert[]): Followed[] {
  const found: (SoakAlert | undefined)[] = marks.map(() => undefined);
  const timed = alerts.map((alert) => ({ alert, time: timeOf(alert) + CLOCK_SLACK_NS }));
  let next = 0;
  for (const { alert, time } of timed.sort((one, other) => (one.time < other.time ? -1 : 1))) {
    while ((marks[next]?.wall ?? time + 1n) <= time) next++;
    let own = next - 1;
    while (own >= 0 && found[own]) own--;
    if (own >= 0) found[own] = alert;
  }
  return marks.map((mark, index) => ({ mark, alert: found[index] }));
}

/** From the call to the line on standard output, in ms. */
export function latencies(followed: readonly Followed[]): number[] {
  return followed.flatMap(({ mark, alert }) => (alert ? [Number(alert.arrived - mark.monotonic) / 1e6] : []));
}

/** `1.2 ms, 99 %: 3.4 ms, most: 5.6 ms` */
export function spread(samples: readonly number[]): string {
  if (samples.length === 0) return 'none';
  const [middle, high, most] = [0.5, 0.99, 1].map((part) => quantile(samples, part).toFixed(1));
  return `${middle} ms, 99 %: ${high} ms, most: ${most} ms`;
}
