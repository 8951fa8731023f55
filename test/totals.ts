// Adds up what node's test runner reports of several runs, so that they end with one summary.

import { basename } from 'node:path';

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
const SLOWEST = 10;

/** A test that was not run, or not judged. */
export interface SkippedTest {
  /** The test file that was run. */
  readonly file: string;
  readonly name: string;
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
  private readonly files: { readonly file: string; readonly seconds: number }[] = [];

  /**
   * Takes a run's events; hands on all but the run's own summary, which it adds to the totals.
   * @param setAside is given the tests that were skipped; they are not counted
   */
  async *count(events: AsyncIterable<TestEvent>, setAside?: SkippedTest[]): AsyncGenerator<TestEvent> {
    for await (const event of events) {
      // What belongs to a test names its file; the run's own plan and summary don't.
      const ofRun = event.data.file === undefined;
      this.noteSkip(event, setAside);
      this.noteTime(event);
      if (ofRun && event.type === 'test:summary') this.add(event.data, setAside !== undefined);
      else if (!(ofRun && (event.type === 'test:diagnostic' || event.type === 'test:plan'))) yield event;
    }
  }

  /** Counts tests that were set aside after all. */
  addSkipped(tests: readonly SkippedTest[]): void {
    this.counts.tests += tests.length;
    this.counts.skipped += tests.length;
    this.skipped.push(...tests);
  }

  private noteSkip({ type, data }: TestEvent, setAside: SkippedTest[] | undefined): void {
    const { file = '', entryFile = file, name = '', skip = false, todo = false } = data;
    const reason = skip || todo;
    if ((type !== 'test:pass' && type !== 'test:fail') || reason === false) return;
    const list = skip === false ? this.skipped : (setAside ?? this.skipped);
    list.push({ file: entryFile, name, why: typeof reason === 'string' ? reason : '' });
  }

  private noteTime({ type, data: { file, duration_ms = 0 } }: TestEvent): void {
    if (type === 'test:summary' && file !== undefined)
      this.files.push({ file, seconds: Math.round(duration_ms / 1000) });
  }

  private add({ counts, duration_ms, success }: TestEvent['data'], skippedSetAside: boolean): void {
    for (const name of Object.keys(COUNTS) as Count[]) this.counts[name] += counts?.[name] ?? 0;
    if (skippedSetAside) for (const name of ['tests', 'skipped'] as const) this.counts[name] -= counts?.skipped ?? 0;
    this.durationMs += duration_ms ?? 0;
    if (success === false) this.failedRuns++;
  }

  /** Counts a suite that could not be run as one failed test. */
  addUnrunnable(): void {
    this.counts.tests++;
    this.counts.failed++;
  }

  /** Tests that were skipped or marked todo, in the order in which they were reported. */
  get skippedTests(): readonly SkippedTest[] {
    return this.skipped;
  }

  /** At least one test ran, and none failed. */
  get success(): boolean {
    const { tests, failed, cancelled } = this.counts;
    return tests > 0 && failed === 0 && cancelled === 0 && this.failedRuns === 0;
  }

  /** The lines of node's summary, as the events that a reporter prints them from. */
  *summary(): Generator<TestEvent> {
    const line = (message: string): TestEvent => ({ type: 'test:diagnostic', data: { nesting: 0, message } });
    for (const [name, word] of Object.entries(COUNTS)) yield line(`${word} ${this.counts[name as Count]}`);
    yield line(`duration_ms ${Math.round(this.durationMs)}`);
    const slowest = this.files.sort((one, other) => other.seconds - one.seconds).slice(0, SLOWEST);
    const names = slowest.map(({ file, seconds }) => `${basename(file, '.test.ts')} ${seconds} s`);
    yield line(`files that took longest: ${names.join(', ')}`);
  }

  /** The closing line. A test that was cancelled has failed; one marked todo was not judged. */
  closingLine(): string {
    const { passed, failed, cancelled, skipped, todo } = this.counts;
    return `${passed} passed, ${failed + cancelled} failed, ${skipped + todo} skipped`;
  }
}
