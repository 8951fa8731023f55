// A switch over many cases: each value has its own, and none is nested deeper than the sandbox takes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateRules } from '../../../host/compiler/compile.ts';
import { emitSwitch } from '../../../host/compiler/emit/switch.ts';
import { MAX_NESTING } from '../../../host/sandbox/limits.ts';
import { rulesOf } from '../../support/records/rule-module.ts';

/** What the statement returns for a value: its text is JavaScript as well. */
function switched(cases: Parameters<typeof emitSwitch>[1]): (value: number) => unknown {
  return new Function('value', `${emitSwitch('value', cases).join('\n')}\nreturn 'none';`) as (
    value: number,
  ) => unknown;
}

test('each value has its case, however many there are', () => {
  for (const count of [1, 512, 513, 1300]) {
    // The values of a case lie apart, in no order, and not all numbers have one.
    const cases = Array.from({ length: count }, (_, index) => ({
      values: [3 * (count - index), 3 * (count - index) + 3 * count],
      lines: [`return ${index};`],
    }));
    const chosen = switched(cases);
    for (const [index, { values }] of cases.entries()) for (const value of values) assert.equal(chosen(value), index);
    for (const value of [0, 1, 3 * count + 2, 6 * count + 3]) assert.equal(chosen(value), 'none');
  }
});

test('a case of several lines ends where it says', () => {
  const lines = (index: number) => [`if (value > 0) return ${index};`, 'break;'];
  const chosen = switched(Array.from({ length: 600 }, (_, index) => ({ values: [index], lines: lines(index) })));
  assert.deepEqual([0, 1, 511, 599, 600].map(chosen), ['none', 1, 511, 599, 'none']);
});

test('rules that make many cases: prefixes of paths, states of an automaton, what constants do to these', () => {
  const prefixes = Array.from(
    { length: 1100 },
    (_, index) => `evt.type = openat and fd.name startswith /path/${index}/`,
  );
  const regex = 'evt.type = openat and fd.name regex ".*/x.{10}y"';
  const stream = 'evt.type = openat and concat(fd.name, "/x") regex ".*/x.{10}y"';
  const { source } = translateRules(rulesOf([...prefixes, regex, stream]));
  let most = 0;
  let count = 0;
  for (const line of source.split('\n')) {
    if (/^ *switch /.test(line)) count = 0;
    if (/^ *case /.test(line)) most = Math.max(most, ++count);
  }
  assert.ok(most > 256 && most < MAX_NESTING / 2 + 1, `${most} cases`);
});
