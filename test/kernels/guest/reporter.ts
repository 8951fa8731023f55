// A reporter for node's test runner: a line for each test that has ended, which the machine outside reads from the guest's console.

import type { TestEvent } from 'node:test/reporters';

const LONGEST_MESSAGE = 3000;

/** The summary that the runner ends with: the machine outside counts by itself. */
const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  /** Names of the suites and tests that a test is within. */
  const path: string[] = [];
  for await (const event of source) {
    if (event.type === 'test:start') path.splice(event.data.nesting, path.length, event.data.name);
    if (event.type === 'test:diagnostic' && !COUNT.test(event.data.message))
      yield line({ kind: 'note', note: event.data.message });
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, nesting, skip, todo, details } = event.data;
    if (details.type === 'suite' && event.type === 'test:pass') continue;
    const failure = event.type === 'test:fail' ? messageOf(event.data.details.error) : undefined;
    // act (native/act/) asks the headers of the processor: arm64 has no open(2), dup2(2) and others that x86-64 has.
    const lacking = failure === undefined ? undefined : /act: no such call here: \w+/.exec(failure)?.[0];
    const error = lacking === undefined ? failure : undefined;
    const skipped = lacking ?? (skip !== undefined && skip !== false ? String(skip === true ? '' : skip) : undefined);
    yield line({
      kind: 'test',
      test: [...path.slice(0, nesting), name].join(' > '),
      seconds: Math.round(details.duration_ms / 100) / 10,
      ...(error !== undefined && { error }),
      ...(skipped !== undefined && { skipped }),
      ...(todo !== undefined && todo !== false && { todo: String(todo) }),
    });
  }
}

/** Newlines around it: programs of the guest write to the same console, and may be in the middle of a line. */
function line(result: object): string {
  return `\n@wasprey ${JSON.stringify(result)}\n`;
}

function messageOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const text = stack.replaceAll(/^ +at .*\(?node:.*\n?/gm, '');
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}...` : text;
}
