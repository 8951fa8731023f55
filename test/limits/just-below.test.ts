// Whatever validates compiles: sets of rules that are as large as validate takes, given to asc and to the sandbox. Each shape grows or shrinks
// from the size that it last had there. WASPREY_SHAPES chooses shapes by parts of their names, with commas between them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileModule, translateRules } from '../../host/compiler/compile.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { type RuleSource, ruleSourceOf } from '../../host/compiler/rules/rule.ts';
import { verifyModule } from '../../host/sandbox/verify.ts';
import { mixedCondition } from '../bench/rule-mix.ts';

const CHOSEN = (process.env.WASPREY_SHAPES ?? '').split(',').map((part) => part.trim());

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

type Shape = (size: number) => readonly Rule[];

/** Rules of a size, by name: each is a construct that has been the largest of its kind. */
const SHAPES = {
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
  'states of one regular expression': (size) => [
    { condition: `evt.type = openat and fd.name regex ".*/x.{${size}}y"` },
  ],
  'rules of all kinds': (size) => list(size, (index) => ({ condition: mixedCondition(index) })),
  'rules on every event type': (size) =>
    list(size, (index) => ({
      condition: `fd.name startswith /some/path/${index}/ and not proc.name in (a${index}, b)`,
    })),
} satisfies Readonly<Record<string, Shape>>;

/** About the largest size that validate takes: the search begins there. */
const NEAR: Readonly<Record<keyof typeof SHAPES, number>> = {
  'comparisons in one rule': 5632,
  'pairs of comparisons in one rule': 2816,
  'values of one list': 36864,
  'values of exceptions': 2560,
  'levels of one condition': 1792,
  'regular expressions and globs': 768,
  'states of one regular expression': 10,
  'rules of all kinds': 3328,
  'rules on every event type': 1792,
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

/** The largest that validate takes, to a part in 32. */
function largest(shape: Shape, near: number): { size: number; sources: readonly RuleSource[] } {
  const step = Math.ceil(near / 32);
  let size = near;
  let sources = validated(shape(size));
  while (!sources) {
    size -= step;
    sources = validated(shape(size));
  }
  for (;;) {
    const larger = validated(shape(size + step));
    if (!larger) return { size, sources };
    size += step;
    sources = larger;
  }
}

for (const [what, shape] of Object.entries(SHAPES)) {
  if (!CHOSEN.some((part) => what.includes(part))) continue;
  test(`as many ${what} as validate takes`, { timeout: TIMEOUT_MS }, async (context) => {
    const { size, sources } = largest(shape, NEAR[what as keyof typeof SHAPES]);
    const began = performance.now();
    const { wasm, source } = await compileModule(sources);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    context.diagnostic(`${size}: ${source.length} characters of code, ${wasm.length} bytes, ${seconds} s`);
    verifyModule(wasm);
  });
}
