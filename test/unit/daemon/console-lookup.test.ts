// Look-ups for the page: the process that answers may hang, crash, or not start at all, and the agent goes on.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Answer, Lookup, type Question } from '../../../host/daemon/console/lookup.ts';

const CHILD = join(import.meta.dirname, '../../support/page/lookup-child.ts');

function question(rule: string): Question {
  return { kind: 'rule', rule, files: [], seen: [], statics: {} };
}

function reasonOf(answer: Answer): string {
  return answer.kind === 'none' ? answer.reason : answer.kind;
}

/** A Lookup whose processes are those of CHILD. */
class TestLookup extends Lookup implements Disposable {
  readonly children: ChildProcess[];

  constructor(longestMs = 60_000) {
    const children: ChildProcess[] = [];
    super({
      longestMs,
      start: () => {
        const child = fork(CHILD, { serialization: 'advanced' });
        children.push(child);
        return child;
      },
    });
    this.children = children;
  }

  async asked(rule: string): Promise<string> {
    return reasonOf(await this.ask(question(rule)));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

test('one process answers questions in their order, and of too many at once some are refused', async () => {
  using lookup = new TestLookup();
  const names = Array.from({ length: 9 }, (_, index) => `q${index}`);
  const answers = await Promise.all(names.map((name) => lookup.asked(name)));
  assert.deepEqual(answers.slice(0, 8), ['q0 1', 'q1 2', 'q2 3', 'q3 4', 'q4 5', 'q5 6', 'q6 7', 'q7 8']);
  assert.match(answers[8] ?? '', /^too much is being looked up/);
  assert.equal(lookup.children.length, 1);
});

test('a process that crashes fails its question alone', async () => {
  using lookup = new TestLookup();
  const answers = await Promise.all(['a', 'crash', 'b'].map((name) => lookup.asked(name)));
  assert.deepEqual(answers, ['a 1', 'it could not be looked up: memory or processes are short', 'b 1']);
  assert.equal(lookup.children.length, 2);
});

test('a process that takes too long is killed, and its question fails', async () => {
  using lookup = new TestLookup(2_000);
  assert.equal(await lookup.asked('hang'), 'it took longer than 2 s');
  const [hung] = lookup.children;
  if (hung?.exitCode === null && hung.signalCode === null) await once(hung, 'exit');
  assert.equal(hung?.signalCode, 'SIGKILL');
});

test('a process that was given up can answer no other question', async () => {
  using lookup = new TestLookup(2_000);
  const [first, second] = [lookup.asked('hang'), lookup.asked('a')];
  await first;
  // The second question is with another process now.
  lookup.children[0]?.emit('message', { kind: 'none', reason: 'of the first question' });
  assert.equal(await second, 'a 1');
});

test('where no process can be started each question fails', async () => {
  const starts = [
    (): ChildProcess => {
      throw Object.assign(new Error('spawn ENOMEM'), { code: 'ENOMEM' });
    },
    // What fork() returns where there are too few file descriptors.
    (): ChildProcess => {
      const child = fork(CHILD, { serialization: 'advanced' });
      child.kill('SIGKILL');
      Object.defineProperty(child, 'send', { value: undefined });
      process.nextTick(() => child.emit('error', Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE' })));
      return child;
    },
  ];
  for (const start of starts) {
    const lookup = new Lookup({ start });
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => lookup.ask(question(name))));
    assert.deepEqual(
      new Set(answers.map(reasonOf)),
      new Set(['it could not be looked up: memory or processes are short']),
    );
    lookup.close();
  }
});

test('an agent that stops answers what waits', async () => {
  const lookup = new TestLookup();
  const waiting = ['hang', 'a'].map((name) => lookup.asked(name));
  lookup.close();
  assert.deepEqual(await Promise.all(waiting), ['the agent is stopping', 'the agent is stopping']);
  assert.equal(await lookup.asked('b'), 'the agent is stopping');
});
