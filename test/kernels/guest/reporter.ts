// A reporter for node's test runner: a line for each test that has ended, and for each step, which the machine outside reads from the
// guest's console. Tests of the first level are the steps (run-steps.ts), those of the second the files of tests.

import type { TestEvent } from 'node:test/reporters';
import { MARK, type Result } from '../results.ts';

const LONGEST_MESSAGE = 3000;

/** The summary that the runner ends with: the machine outside counts by itself. */
const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

const STEP_LEVEL = 0;
const FILE_LEVEL = 1;

/** What a step or a file fails by if tests within do, which have been reported. */
const OF_TESTS_WITHIN = ['subtestsFailed', 'cancelledByParent'];

/** Steps whose end is written. */
const ended = new Set<string>();
let onEnd = (): void => {};

/** Resolves when all lines of a step are written, so that none comes in the midst of the next. One at a time. */
export async function reported(step: string): Promise<void> {
  while (!ended.has(step)) {
    await new Promise<void>((resolve) => {
      onEnd = resolve;
    });
  }
}

/** Writes by itself, rather than yielding texts that are written some time later. */
// biome-ignore lint/correctness/useYield: node takes a generator
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  /** Names of the step, of its file, and of the suites and tests that a test is within. */
  const path: string[] = [];
  for await (const event of source) {
    if (event.type === 'test:start') path.splice(event.data.nesting, path.length, event.data.name);
    if (event.type === 'test:diagnostic' && !COUNT.test(event.data.message))
      write({ kind: 'note', note: event.data.message });
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, nesting, details } = event.data;
    if (nesting > FILE_LEVEL) writeTest(event, [...path.slice(FILE_LEVEL + 1, nesting), name].join(' > '));
    else if (event.type === 'test:fail' && !OF_TESTS_WITHIN.includes(failureType(event.data.details.error)))
      writeTest(event, nesting === STEP_LEVEL ? 'the step as a whole' : name);
    if (nesting !== STEP_LEVEL) continue;
    write({ kind: 'ends', step: name, seconds: inSeconds(details.duration_ms) });
    ended.add(name);
    onEnd();
  }
}

function writeTest(event: Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>, test: string): void {
  const { skip, details } = event.data;
  if (details.type === 'suite' && event.type === 'test:pass') return;
  const failure = event.type === 'test:fail' ? messageOf(event.data.details.error) : undefined;
  // act (native/act/) asks the headers of the processor: arm64 has no open(2), dup2(2) and others that x86-64 has.
  const lacking = failure === undefined ? undefined : /act: no such call here: \w+/.exec(failure)?.[0];
  const error = lacking === undefined ? failure : undefined;
  const skipped = lacking ?? (skip !== undefined && skip !== false ? String(skip === true ? '' : skip) : undefined);
  write({
    kind: 'test',
    test,
    seconds: inSeconds(details.duration_ms),
    ...(error !== undefined && { error }),
    ...(skipped !== undefined && { skipped }),
  });
}

/** Newlines around it: programs of the guest write to the same console, and may be in the middle of a line. */
function write(result: Result): void {
  process.stdout.write(`\n${MARK}${JSON.stringify(result)}\n`);
}

function inSeconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}

function failureType(error: Error): string {
  return 'failureType' in error ? String(error.failureType) : '';
}

function messageOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  // The kernel's word, of an error of the addon.
  const detail = cause instanceof Error && 'detail' in cause ? `${String(cause.detail)}\n` : '';
  const text = detail + stack.replaceAll(/^ +at .*\(?node:.*\n?/gm, '');
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}...` : text;
}
