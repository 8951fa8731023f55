// Sets of macros that use macros, and of rules that use them, of all sizes: the loader and the compiler either take them or say what is too
// large, within a fixed memory. WASPREY_FUZZ_RUNS sets the number of sets, WASPREY_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Checked } from './macro-sets-worker.ts';

const RUNS = Number(process.env.WASPREY_FUZZ_RUNS ?? 25);
const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? Date.now() % 2 ** 31);
/** Of JavaScript heap. The compiler of an agent has more (host/daemon/rules/bounded-compile.ts). */
const MOST_MEGABYTES = 500;

let state = SEED;
function below(limit: number): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

function oneOf<Item>(items: readonly Item[]): Item {
  return items[below(items.length)] as Item;
}

/** Small numbers as often as large ones. */
function magnitude(most: number): number {
  return Math.ceil(most ** (below(1000) / 1000));
}

const times = (count: number, item: (index: number) => string, separator: string): string =>
  Array.from({ length: count }, (_, index) => item(index)).join(separator);

const OPERATORS = ['= ', 'contains ', 'startswith ', 'endswith ', 'glob *', 'regex ^a+', 'in (values) or fd.name = '];

/** The condition of the macro of a number, from the one before it. */
function step(): (number: number) => string {
  const field = oneOf(['proc.name', 'fd.name', 'proc.cmdline', 'proc.aname', 'evt.args']);
  const width = magnitude(200);
  const join = oneOf(['or', 'and']);
  const check = (number: number, index: number): string => `${field} ${operator}${number}-${index}`;
  const operator = oneOf(OPERATORS);
  const checks = (number: number): string => `(${times(width, (index) => check(number, index), ` ${join} `)})`;
  return oneOf<(number: number) => string>([
    (number) => `m${number - 1}`,
    (number) => `m${number - 1} or ${checks(number)}`,
    (number) => `m${number - 1} ${number % 2 === 0 ? 'and' : 'or'} ${checks(number)}`,
    (number) => `(m${number - 1} and ${check(number, 0)}) or m${number - 1}`,
    (number) => `not (${times(width, () => `m${number - 1}`, ` ${join} `)})`,
    (number) => `m${Math.floor(number / 2)} ${join} ${checks(number)} ${join} m${number - 1 - below(number)}`,
    checks,
  ]);
}

function arbitrarySet(): string {
  const macros = magnitude(3000);
  let condition = step();
  const items = [
    `- list: values\n  items: [${times(magnitude(20_000), (index) => `value-${index}`, ', ')}]\n`,
    '- macro: m0\n  condition: proc.name = a\n',
  ];
  for (let number = 1; number < macros; number++) {
    if (below(200) === 0) condition = step();
    items.push(`- macro: m${number}\n  condition: ${condition(number)}\n`);
  }
  const rules = magnitude(1000);
  const begin = oneOf(['evt.type = open and', 'evt.type in (open, openat, execve, connect) and', '']);
  for (let number = 0; number < rules; number++) {
    const macro = oneOf([macros - 1, below(macros)]);
    items.push(
      `- rule: Rule ${number}\n  desc: d\n  condition: ${begin} m${macro} and proc.pname = ${number}\n  output: o\n  priority: INFO\n`,
    );
  }
  return items.join('');
}

test(`macros and rules of all sizes are checked in ${MOST_MEGABYTES} MB (seed ${SEED})`, async (context) => {
  const worker = new Worker(new URL('./macro-sets-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
  });
  const compiled = { all: 0, some: 0 };
  try {
    for (let run = 0; run < RUNS; run++) {
      const text = arbitrarySet();
      worker.postMessage(text);
      const [checked]: Checked[] = await once(worker, 'message');
      assert.ok(checked);
      if (checked.errors.length + checked.remarks.length === 0) compiled.all++;
      else if (checked.rules > 0) compiled.some++;
    }
  } finally {
    await worker.terminate();
  }
  context.diagnostic(`${compiled.all} of ${RUNS} are taken, ${compiled.some} without what is too large`);
});
