// Adds up what node's test runner reports of several runs, so that they end with one summary.

import { join, relative } from 'node:path';
import { PROJECT } from '../host/setup/paths.mjs';

/** An event of node's test runner, as far as counting needs it (documented under "Class: TestsStream"). */
export interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly nesting?: number;
    readonly message?: string;
    readonly file?: string;
    /** The test file that was run, also where `file` is one that it imports. */
    readonly entryFile?: string;
    readonly name?: string;
    /** Why a test was skipped; true if it does not say. */
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly success?: boolean;
    readonly counts?: Partial<Record<Count, number>>;
    readonly duration_ms?: number;
  };
}

/** Counts in the order and with the words of node's own summary. */
const COUNTS = {
  tests: 'tests',
  suites: 'suites',
  passed: 'pass',
  failed: 'fail',
  cancelled: 'cancelled',
  skipped: 'skipped',
  todo: 'todo',
} as const;
type Count = keyof typeof COUNTS;

/** So many of the files that took longest are named. */
const SLOWEST = 20;

/** A test that was not run, or not judged. */
interface SkippedTest {
  /** The test file that was run. */
  readonly file: string;
  readonly name: string;
  readonly why: string;
}

/** A suite that this machine can't run. */
interface LeftOutSuite {
  readonly suite: string;
  readonly files: number;
  /** What is missing and how to get it, as set-up reports it. */
  readonly why: string;
}

export class Totals {
  private readonly counts: Record<Count, number> = {
    tests: 0,
    suites: 0,
    passed: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    todo: 0,
  };
  private durationMs = 0;
  private failedRuns = 0;
  private readonly skipped: SkippedTest[] = [];
  private readonly leftOut: LeftOutSuite[] = [];
  private readonly unchanged: string[] = [];
  private readonly ended: string[] = [];
  private readonly files: { readonly file: string; readonly seconds: number }[] = [];

  /** Takes a run's events; hands on all but the run's own summary, which it adds to the totals. */
  async *count(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
    for await (const event of events) {
      // What belongs to a test names its file; the run's own plan and summary don't.
      const ofRun = event.data.file === undefined;
      this.noteSkip(event);
      this.noteTime(event);
      if (ofRun && event.type === 'test:summary') this.add(event.data);
      else if (!(ofRun && (event.type === 'test:diagnostic' || event.type === 'test:plan'))) yield event;
    }
  }

  private noteSkip({ type, data }: TestEvent): void {
    const { file = '', entryFile = file, name = '', skip = false, todo = false } = data;
    const reason = skip || todo;
    if ((type !== 'test:pass' && type !== 'test:fail') || reason === false) return;
    this.skipped.push({ file: entryFile, name, why: typeof reason === 'string' ? reason : '' });
  }

  private noteTime({ type, data: { file, duration_ms = 0 } }: TestEvent): void {
    if (type === 'test:summary' && file !== undefined)
      this.files.push({ file, seconds: Math.round(duration_ms / 1000) });
  }

  private add({ counts, duration_ms, success }: TestEvent['data']): void {
    for (const name of Object.keys(COUNTS) as Count[]) this.counts[name] += counts?.[name] ?? 0;
    this.durationMs += duration_ms ?? 0;
    if (success === false) this.failedRuns++;
  }

  /** Counts a suite whose set-up failed as one failed test. */
  addUnrunnable(): void {
    this.counts.tests++;
    this.counts.failed++;
  }

  /**
   * Counts the files of a suite that this machine can't run as skipped.
   * @param why what is missing and how to get it
   */
  addLeftOut(suite: string, files: number, why: string): void {
    this.leftOut.push({ suite, files, why });
  }

  /** @param pass a suite that was left out, since it has passed on the inputs that it has now: when that was */
  addUnchanged(pass: string): void {
    this.unchanged.push(pass);
  }

  /** Notes a file that was ended with its processes. Node counts it as failed. */
  addEnded(file: string, limitMs: number): void {
    this.ended.push(`${relative(PROJECT, file)} was ended with all its processes: its limit is ${limitMs / 1000} s`);
  }

  /** What was not run here: single tests that skipped themselves, and all files of suites that the machine can't run. */
  get skippedCount(): number {
    return this.skipped.length + this.leftOut.reduce((sum, { files }) => sum + files, 0);
  }

  /** At least one test ran or need not run, and none failed. */
  get success(): boolean {
    const { tests, failed, cancelled } = this.counts;
    return (tests > 0 || this.unchanged.length > 0) && failed === 0 && cancelled === 0 && this.failedRuns === 0;
  }

  /** What has been counted until now, for `since`. */
  tally(): { readonly tests: number; readonly skipped: number; readonly failed: number } {
    const { tests, failed, cancelled } = this.counts;
    return { tests, skipped: this.skipped.length, failed: failed + cancelled + this.failedRuns };
  }

  /** What has come since a tally. It is clean if no test has failed, and none was skipped. */
  since(before: ReturnType<Totals['tally']>): { readonly tests: number; readonly clean: boolean } {
    const { tests, skipped, failed } = this.tally();
    return { tests: tests - before.tests, clean: skipped === before.skipped && failed === before.failed };
  }

  /** The lines of node's summary, as the events that a reporter prints them from. */
  *summary(): Generator<TestEvent> {
    const line = (message: string): TestEvent => ({ type: 'test:diagnostic', data: { nesting: 0, message } });
    for (const [name, word] of Object.entries(COUNTS)) yield line(`${word} ${this.counts[name as Count]}`);
    yield line(`duration_ms ${Math.round(this.durationMs)}`);
    const slowest = this.files.sort((one, other) => other.seconds - one.seconds).slice(0, SLOWEST);
    yield line(`files that took longest: ${slowest.length}`);
    for (const { file, seconds } of slowest) yield line(`${String(seconds).padStart(6)} s  ${shortName(file)}`);
    for (const ended of this.ended) yield line(ended);
  }

  /** What was not run, each with its reason and with what to do about it; empty if nothing was left out. */
  skippedList(): string {
    const lines = this.skipped.map(
      ({ file, name, why }) => `  ${shortName(file)}: ${name}${why === '' ? '' : `: ${why}`}`,
    );
    // One reason often keeps several suites from running.
    for (const [why, suites] of Map.groupBy(this.leftOut, (each) => each.why)) {
      for (const { suite, files } of suites)
        lines.push(`  ${suite}: ${files} files; where it can: npm run test:${suite}`);
      lines.push(
        ...why
          .trimEnd()
          .split('\n')
          .map((line) => `    ${line}`),
      );
    }
    const unchanged = this.unchanged.map((pass) => `  ${pass}`);
    const list = (title: string, items: readonly string[]): string =>
      items.length === 0 ? '' : `${title}\n${items.join('\n')}\n`;
    return (
      list(`Skipped here: ${this.skippedCount}`, lines) +
      list('Not run again, since what decides about it is unchanged:', unchanged)
    );
  }

  /** The closing line. A test that was cancelled has failed; one marked todo was not judged. */
  closingLine(): string {
    const { passed, failed, cancelled } = this.counts;
    return `${passed} passed, ${failed + cancelled} failed, ${this.skippedCount} skipped`;
  }
}

/** With its folder: unit/engine/ring. `--file` takes the last part. */
const shortName = (file: string): string => relative(join(PROJECT, 'test'), file).replace(/\.test\.ts$/, '');
