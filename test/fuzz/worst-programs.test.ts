// The search for the programs that cost V8 most, of those that the verifier takes: random ones, of which the dearest is changed again and
// again, for each of V8's compilers. host/sandbox/README.md states what none may exceed. WASPREY_FUZZ_RUNS sets the number of programs for
// each compiler (12; hundreds find what a few do not), WASPREY_FUZZ_SEED where the search begins (1).

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { largestProgram, type Program } from './random-programs.ts';
import { costMeter } from './v8-cost.ts';

const RUNS = Number(process.env.WASPREY_FUZZ_RUNS ?? 12);
const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? 1);
/** Programs that were once beyond the bounds, or are the dearest within them: the search begins with these. */
const FOUND: readonly Program[] = [
  // Of small loops, which the optimizer unrolls: 291 MB and 201 MB before their code counted more than once.
  { integers: 2, statements: [1555562135, 1880247224, 873434283, 515708651], callee: [1102522989] },
  {
    integers: 30,
    statements: [36622607, 557201036, 62135706, 1425371848],
    callee: [960071201, 600140128, 1097414140, 1175061407, 190321871],
  },
  // 191 MB when it counted four times.
  { integers: 100, statements: [1075456874, 1489811710, 289667919, 600728029], callee: [306584016] },
  // 211 MB with 64 KB of code.
  {
    integers: 1,
    statements: [1877454975, 910914167, 384487335],
    callee: [1969152776, 46346884, 1568405895, 1497004183, 189831582],
  },
  // 291 MB in some runs, 92 in others: it depends on what V8 inlines.
  {
    integers: 1,
    statements: [1877454975, 1827102709, 2119078185],
    callee: [1969152776, 46346884, 1568405895, 1497004183, 189831582],
  },
  // 147 MB for the baseline compiler.
  { integers: 30, statements: [1420125890, 627289437], callee: [181568339] },
];
/** So many changes without a dearer program, and the search begins anew. */
const PATIENCE = 12;

interface Cost {
  /** Of CPU time. */
  readonly milliseconds: number;
  readonly megabytes: number;
}

interface Compiler {
  readonly name: string;
  readonly costOf: (bytes: Uint8Array) => Cost;
  readonly optimizes: boolean;
  /** What host/sandbox/README.md states. */
  readonly most: Cost;
}

const COMPILERS: readonly Compiler[] = [
  {
    name: 'baseline compiler',
    costOf: costMeter<Cost>('baseline-child.ts'),
    optimizes: false,
    most: { megabytes: 200, milliseconds: 1000 },
  },
  {
    name: 'optimizer',
    costOf: costMeter<Cost>('optimizer-child.ts', '--allow-natives-syntax'),
    optimizes: true,
    most: { megabytes: 400, milliseconds: 3000 },
  },
];

describe('sandbox: the programs that cost V8 most', () => {
  for (const { name, costOf, optimizes, most } of COMPILERS) {
    it(`${name} (${RUNS} programs, seed ${SEED})`, (test) => {
      const search = new Search(SEED);
      let worst: Cost = { megabytes: 0, milliseconds: 0 };
      for (let run = 0; run < RUNS; run++) {
        const program = search.next();
        const largest = largestProgram(program, optimizes);
        if (!largest) continue;
        assert.ok(WebAssembly.validate(largest.bytes), `V8 refuses ${JSON.stringify(program)}`);
        const cost = costOf(largest.bytes);
        const what = `${cost.megabytes.toFixed(0)} MB, ${cost.milliseconds.toFixed(0)} ms of CPU time: ${JSON.stringify(program)}, ${largest.rounds} rounds, ${largest.bytes.length} bytes`;
        if (search.rate(program, Math.max(cost.megabytes / most.megabytes, cost.milliseconds / most.milliseconds))) {
          test.diagnostic(what);
        }
        worst = {
          megabytes: Math.max(worst.megabytes, cost.megabytes),
          milliseconds: Math.max(worst.milliseconds, cost.milliseconds),
        };
        assert.ok(cost.megabytes <= most.megabytes && cost.milliseconds <= most.milliseconds, what);
      }
      assert.ok(worst.milliseconds > 0, 'no program was compiled');
      test.diagnostic(`at most ${worst.megabytes.toFixed(0)} MB, ${worst.milliseconds.toFixed(0)} ms of CPU time`);
    });
  }
});

/** Keeps the dearest program since it began, and changes it. */
class Search {
  #state: number;
  #best: { program: Program; cost: number } | undefined;
  #failures = 0;
  #tried = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): Program {
    const found = FOUND[this.#tried++];
    if (found) return found;
    if (this.#failures >= PATIENCE) {
      this.#best = undefined;
      this.#failures = 0;
    }
    this.#failures++;
    return this.#best ? this.#changed(this.#best.program) : this.#random();
  }

  /** Whether it is the dearest so far. */
  rate(program: Program, cost: number): boolean {
    if (this.#best && this.#best.cost >= cost) return false;
    this.#best = { program, cost };
    this.#failures = 0;
    return true;
  }

  #random(): Program {
    return { integers: this.#integers(), statements: this.#seeds(), callee: this.#seeds() };
  }

  #changed(program: Program): Program {
    const { integers, statements, callee } = program;
    const at = this.#below(statements.length);
    switch (this.#below(6)) {
      case 0:
        return { ...program, integers: this.#integers() };
      case 1:
        return { ...program, callee: this.#seeds() };
      case 2:
        return { ...program, statements: [...statements, this.#seed()] };
      case 3:
        if (statements.length > 1) return { ...program, statements: statements.toSpliced(at, 1) };
        return { integers, callee, statements: this.#seeds() };
      default:
        return { ...program, statements: statements.with(at, this.#seed()) };
    }
  }

  #integers(): number {
    return [1, 2, 8, 30, 100, 500][this.#below(6)] ?? 1;
  }

  #seeds(): number[] {
    return Array.from({ length: 1 + this.#below(5) }, () => this.#seed());
  }

  #seed(): number {
    return this.#below(2 ** 31);
  }

  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}
