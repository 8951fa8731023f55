// Whatever validates compiles: sets of rules that are as large as validate takes, given to asc and to the sandbox. Each shape grows until
// validate refuses it; the last size that it took is compiled. WASPREY_FUZZ_RUNS sets the number of shapes (1: each takes asc minutes),
// WASPREY_FUZZ_SEED the first one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileModule, translateRules } from '../../host/compiler/compile.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { type RuleSource, ruleSourceOf } from '../../host/compiler/rules/rule.ts';
import { verifyModule } from '../../host/sandbox/verify.ts';
import { mixedCondition } from '../bench/rule-mix.ts';

const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.WASPREY_FUZZ_RUNS ?? 1);

/** asc has limits of its own, of CPU time (compiler/assemble/asc.ts). */
const TIMEOUT_MS = 20 * 60_000;

interface Rule {
  readonly condition: string;
  readonly exceptions?: readonly object[];
}

const list = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));
const joined = (count: number, by: string, item: (index: number) => string): string =>
  list(count, item).join(` ${by} `);

/** Rules of a size, by name: each is a construct that has been the largest of its kind. */
const SHAPES: Readonly<Record<string, (size: number) => readonly Rule[]>> = {
  'comparisons in one rule': (size) => [
    { condition: `evt.type = openat and (${joined(size, 'or', (index) => `fd.name = /some/path/${index}`)})` },
  ],
  'pairs of comparisons in one rule': (size) => [
    {
      condition: `evt.type = openat and (${joined(size, 'or', (index) => `(fd.name endswith .${index} and proc.name != p${index})`)})`,
    },
  ],
  'values of one list': (size) => [
    { condition: `evt.type = openat and fd.name in (${list(size, (index) => `/some/path/${index}`).join(', ')})` },
  ],
  'values of exceptions': (size) => [
    {
      condition: 'evt.type = openat',
      exceptions: [
        {
          name: 'known',
          fields: ['proc.name', 'fd.name'],
          comps: ['=', 'startswith'],
          values: list(size, (index) => [`program${index}`, `/var/lib/program${index}/`]),
        },
      ],
    },
  ],
  'levels of one condition': (size) => {
    const levels = Math.min(size, 180);
    const width = Math.ceil(size / 180);
    const nested = list(levels, (index) => index).reduce(
      (inner, index) =>
        `(${inner} ${index % 2 === 0 ? 'or' : 'and'} ${joined(width, index % 2 === 0 ? 'or' : 'and', (other) => `fd.name contains /${index}/${other}`)})`,
      'proc.name = a',
    );
    return [{ condition: `evt.type = openat and ${nested}` }];
  },
  'regular expressions and globs': (size) =>
    list(size, (index) => ({
      condition: `evt.type = openat and (fd.name regex ".*/[a-f]+${index}(x|yz)*" or proc.cmdline glob "*${index}?a*b*")`,
    })),
  'rules of all kinds': (size) => list(size, (index) => ({ condition: mixedCondition(index) })),
  'rules on every event type': (size) =>
    list(size, (index) => ({
      condition: `fd.name startswith /some/path/${index}/ and not proc.name in (a${index}, b)`,
    })),
};

/** The rules as the compiler gets them; undefined if validate reports that they are too large. */
function validated(rules: readonly Rule[]): readonly RuleSource[] | undefined {
  const items = rules.map((rule, index) => ({ rule: `R${index}`, desc: 'd', output: 'o', priority: 'INFO', ...rule }));
  const { errors, rules: loaded } = loadRules([{ name: 'large.yaml', text: JSON.stringify(items) }]);
  const sources = loaded.map(ruleSourceOf);
  const found = [...errors, ...translateRules(sources).diagnostics.filter(({ severity }) => severity === 'error')];
  for (const { message } of found) assert.match(message, /too large|more than/);
  return found.length === 0 ? sources : undefined;
}

/** The largest that validate takes, to a part in 64. */
function largest(shape: (size: number) => readonly Rule[]): { size: number; sources: readonly RuleSource[] } {
  let size = 64;
  while (validated(shape(size * 2))) size *= 2;
  for (let step = size / 2; step >= size / 64; step /= 2) {
    const larger = Math.floor(size + step);
    if (validated(shape(larger))) size = larger;
  }
  const sources = validated(shape(size));
  assert.ok(sources);
  return { size, sources };
}

const first = SEED % Object.keys(SHAPES).length;
const chosen = [...Object.entries(SHAPES), ...Object.entries(SHAPES)].slice(
  first,
  first + Math.min(RUNS, Object.keys(SHAPES).length),
);

for (const [what, shape] of chosen) {
  test(`as many ${what} as validate takes (seed ${SEED})`, { timeout: TIMEOUT_MS }, async (context) => {
    const { size, sources } = largest(shape);
    const began = performance.now();
    const { wasm, source } = await compileModule(sources);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    context.diagnostic(`${size}: ${source.length} characters of code, ${wasm.length} bytes, ${seconds} s`);
    verifyModule(wasm);
  });
}
