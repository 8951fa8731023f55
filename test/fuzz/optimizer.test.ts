// The search for modules that V8's optimizer gets and that cost it most: each construct by itself, and mixtures of several. What it takes is
// measured in a process of its own, whose memory is bounded. WASPREY_FUZZ_RUNS sets the number of mixtures (12), WASPREY_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONSTRUCTS, type Construct, worstModule } from './optimizer-programs.ts';
import { costMeter } from './v8-cost.ts';

const RUNS = Number(process.env.WASPREY_FUZZ_RUNS ?? 12);
const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? Date.now() % 2 ** 31);
/** What host/sandbox/README.md says that optimizing a module takes at most. */
const MOST_MEGABYTES = 200;
/** The same of CPU time: five times the 0.6 s that the worst takes, for a machine that is shared. */
const MOST_MILLISECONDS = 3_000;
interface Cost {
  readonly milliseconds: number;
  readonly megabytes: number;
}

const costOf = costMeter<Cost>('optimizer-child.ts', '--allow-natives-syntax');

function check(name: string, constructs: readonly Construct[]): void {
  it(name, (test) => {
    const { bytes, times } = worstModule(constructs);
    const { milliseconds, megabytes } = costOf(bytes);
    test.diagnostic(
      `${times} times, ${bytes.length} bytes: ${megabytes.toFixed(0)} MB, ${milliseconds.toFixed(0)} ms of CPU time`,
    );
    assert.ok(megabytes <= MOST_MEGABYTES, `${name}: ${megabytes.toFixed(0)} MB`);
    assert.ok(milliseconds <= MOST_MILLISECONDS, `${name}: ${milliseconds.toFixed(0)} ms of CPU time`);
  });
}

describe("sandbox: what V8's optimizer takes for a module that it gets", () => {
  for (const [name, construct] of Object.entries(CONSTRUCTS)) check(name, [construct]);

  let state = SEED;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const names = Object.keys(CONSTRUCTS);
  for (let run = 0; run < RUNS; run++) {
    const mixed = Array.from({ length: 2 + below(3) }, () => names[below(names.length)] as string);
    check(
      `${mixed.join(', ')} (seed ${SEED}, mixture ${run})`,
      mixed.map((name) => CONSTRUCTS[name] as Construct),
    );
  }
});
