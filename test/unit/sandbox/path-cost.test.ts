// Used fuel bounds executed instructions: random programs of blocks, loops, branches and dead code count their own steps as they run,
// and what they count must never be more than what their fuel checks have charged.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InstructionReader } from '../../../host/sandbox/code.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { encodeName, encodeS32, encodeSection, encodeU32 } from '../../../host/sandbox/encode.ts';
import { instrumentFuel } from '../../../host/sandbox/fuel.ts';
import { readFuelCheck } from '../../../host/sandbox/fuel-check.ts';
import { readModule } from '../../../host/sandbox/module.ts';
import { sharedMemory } from '../../support/sandbox/wasm-builder.ts';

/** Adds 1 to the global `count`: four instructions, so four units. */
const STEP = [0x23, 0, 0x41, 1, 0x6a, 0x24, 0];
const STEP_UNITS = 4;
/** Leaves a number from 0 to 15 on the stack, from a generator in local 0. */
const CHANCE = [
  0x20,
  0,
  0x41,
  ...encodeS32(1664525),
  0x6c,
  0x41,
  ...encodeS32(1013904223),
  0x6a,
  0x22,
  0,
  0x41,
  28,
  0x76,
];

type Statement =
  | { readonly kind: 'steps'; readonly count: number }
  | { readonly kind: 'block' | 'loop'; readonly body: readonly Statement[] }
  | {
      readonly kind: 'if';
      readonly below: number;
      readonly body: readonly Statement[];
      readonly other: readonly Statement[];
    }
  | { readonly kind: 'br'; readonly label: number }
  | { readonly kind: 'br_if'; readonly label: number; readonly below: number }
  | { readonly kind: 'br_table'; readonly labels: readonly number[] }
  | { readonly kind: 'return' };

const { program } = fc.letrec<{ program: Statement[]; statement: Statement }>((tie) => ({
  program: fc.array(tie('statement'), { maxLength: 5 }),
  statement: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.record({ kind: fc.constant('steps' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constantFrom('block' as const, 'loop' as const, 'loop' as const), body: tie('program') }),
    fc.record({
      kind: fc.constant('if' as const),
      below: fc.integer({ min: 0, max: 16 }),
      body: tie('program'),
      other: fc.oneof(fc.constant([]), tie('program')),
    }),
    fc.record({ kind: fc.constant('br_if' as const), label: fc.nat(6), below: fc.integer({ min: 0, max: 16 }) }),
    fc.record({ kind: fc.constant('br' as const), label: fc.nat(6) }),
    fc.record({ kind: fc.constant('br_table' as const), labels: fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }) }),
    fc.record({ kind: fc.constant('return' as const) }),
  ),
}));

/** The code of statements within `depth` labels. */
function encode(statements: readonly Statement[], depth: number): number[] {
  return statements.flatMap((statement) => encodeStatement(statement, depth));
}

/** Labels are taken modulo those that there are; 0 is the innermost. */
function encodeStatement(statement: Statement, depth: number): number[] {
  const label = (wanted: number): number => wanted % (depth + 1);
  switch (statement.kind) {
    case 'steps':
      return Array<number[]>(statement.count).fill(STEP).flat();
    case 'block':
      return [0x02, 0x40, ...encode(statement.body, depth + 1), 0x0b];
    case 'loop':
      return [0x03, 0x40, ...encode(statement.body, depth + 1), 0x0b];
    case 'if': {
      const otherwise = statement.other.length === 0 ? [] : [0x05, ...encode(statement.other, depth + 1)];
      const condition = [...CHANCE, 0x41, statement.below, 0x49];
      return [...condition, 0x04, 0x40, ...encode(statement.body, depth + 1), ...otherwise, 0x0b];
    }
    case 'br':
      return [0x0c, label(statement.label)];
    case 'br_if':
      return [...CHANCE, 0x41, statement.below, 0x49, 0x0d, label(statement.label)];
    case 'br_table': {
      const labels = statement.labels.map(label);
      return [...CHANCE, 0x0e, ...encodeU32(labels.length - 1), ...labels];
    }
    case 'return':
      return [0x0f];
  }
}

function moduleOf(statements: readonly Statement[], countMutable: boolean): Uint8Array {
  const section = (id: number, content: readonly number[]): number[] => [
    ...encodeSection(id, Uint8Array.from(content)),
  ];
  const name = (text: string): number[] => [...encodeName(text)];
  const code = encode(statements, 0);
  const body = (bytes: readonly number[]): number[] => [...encodeU32(bytes.length + 2), 0, ...bytes, 0x0b];
  return Uint8Array.from(
    [
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, [2, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 2, 0x7f, 0x7f, 1, 0x7e]),
      section(2, [1, ...name('env'), ...name('memory'), 2, 3, 1, 1]),
      section(3, [2, 0, 1]),
      section(6, [1, 0x7f, countMutable ? 1 : 0, 0x41, 0, 0x0b]),
      section(7, [
        ...[countMutable ? 3 : 2],
        ...[...name('evaluate'), 0, 0],
        ...[...name('candidates'), 0, 1],
        ...(countMutable ? [...name('count'), 3, 0] : []),
      ]),
      section(10, [2, ...body(code), ...body([0x42, 0])]),
    ].flat(),
  );
}

interface Counting {
  evaluate(seed: number, unused: number): void;
  readonly count: { value: number };
  readonly fuel: { value: number };
}

describe('sandbox: the charges of fuel checks', () => {
  it('keep what was spent before a loop, however the loop is left', () => {
    const steps = (count: number): Statement => ({ kind: 'steps', count });
    const exits: Statement[][] = [
      // Out of the block around the loop; by falling out; out of two loops at once.
      [{ kind: 'block', body: [steps(10), { kind: 'loop', body: [{ kind: 'br', label: 1 }] }] }, steps(10)],
      [steps(10), { kind: 'loop', body: [steps(1)] }, steps(10)],
      [
        {
          kind: 'block',
          body: [steps(10), { kind: 'loop', body: [{ kind: 'loop', body: [{ kind: 'br', label: 2 }] }, steps(9)] }],
        },
        steps(10),
      ],
    ];
    for (const statements of exits) {
      const module = readModule(instrumentFuel(moduleOf(statements, true)));
      const body = module.bodies[0];
      assert.ok(body);
      const entry = readFuelCheck(new InstructionReader(module.bytes, body.code, body.end, 0), 1);
      // 4 for the check itself.
      assert.equal(entry, 4 + 20 * STEP_UNITS);
    }
  });

  const env = { memory: sharedMemory(1) };

  it('are never less than what is executed', () => {
    let looped = 0;
    fc.assert(
      fc.property(program, fc.integer(), (statements, seed) => {
        // The counter is what the verifier would refuse, so the module goes to V8 as it is.
        const module = new WebAssembly.Module(instrumentFuel(moduleOf(statements, true)));
        const counting = new WebAssembly.Instance(module, { env }).exports as unknown as Counting;
        const fuel = 20_000;
        counting.fuel.value = fuel;
        try {
          counting.evaluate(seed, 0);
        } catch (error) {
          assert.ok(error instanceof WebAssembly.RuntimeError && counting.fuel.value < 0);
          looped++;
        }
        const charged = fuel - counting.fuel.value;
        const executed = counting.count.value * STEP_UNITS;
        assert.ok(executed <= charged, `executed ${executed} units, charged ${charged}`);
      }),
      { numRuns: 2000 },
    );
    assert.ok(looped > 20, 'too few programs had a loop that turned');
  });

  it('are what the verifier demands, whatever the program', () => {
    // With steps that change nothing, since the counter may not be mutable: global.get, i32.const, i32.add, drop.
    const harmless = (bytes: Uint8Array): Uint8Array => {
      const text = Buffer.from(bytes).toString('latin1');
      const from = Buffer.from(STEP).toString('latin1');
      const to = Buffer.from([0x23, 0, 0x41, 1, 0x6a, 0x1a, 0x01]).toString('latin1');
      return new Uint8Array(Buffer.from(text.replaceAll(from, to), 'latin1'));
    };
    fc.assert(
      fc.property(program, (statements) => {
        compileRuleModule(instrumentFuel(harmless(moduleOf(statements, false))));
      }),
      { numRuns: 500 },
    );
  });
});
