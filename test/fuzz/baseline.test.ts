// What V8's baseline compiler takes for the largest functions that the verifier lets through, construct by construct. The engine compiles
// modules by it in its worker, before their first event.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONSTRUCTS, largestModule } from './optimizer-programs.ts';
import { costMeter } from './v8-cost.ts';

/** What host/sandbox/README.md says that a function takes at most. */
const MOST_MEGABYTES = 200;
/** Of CPU time. */
const MOST_MILLISECONDS = 1000;

interface Cost {
  /** Of CPU time. */
  readonly milliseconds: number;
  readonly megabytes: number;
}

const costOf = costMeter<Cost>('baseline-child.ts');

describe("sandbox: what V8's baseline compiler takes for the largest function", () => {
  for (const [name, construct] of Object.entries(CONSTRUCTS)) {
    const largest = largestModule([construct]);
    if (!largest) continue;
    it(name, (test) => {
      const { milliseconds, megabytes } = costOf(largest.bytes);
      const size = `${largest.times} times, ${largest.bytes.length} bytes`;
      test.diagnostic(`${size}: ${megabytes.toFixed(0)} MB, ${milliseconds.toFixed(0)} ms of CPU time`);
      assert.ok(megabytes <= MOST_MEGABYTES, `${megabytes.toFixed(0)} MB`);
      assert.ok(milliseconds <= MOST_MILLISECONDS, `${milliseconds.toFixed(0)} ms`);
    });
  }
});
