// What V8 takes for functions of few bytes in which many values are moved. Measured in a process of its own, whose memory is bounded.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { largestMoving, MOVES } from './moving-programs.ts';
import { costMeter } from './v8-cost.ts';

/** A fifth more than host/sandbox/README.md says that a function takes at most; of CPU time five times it, for a machine that is shared. */
const MOST_MEGABYTES = { optimizer: 240, baseline: 540 };
const MOST_MILLISECONDS = 5_000;

interface Cost {
  readonly milliseconds: number;
  readonly megabytes: number;
}

const meters = {
  optimizer: costMeter<Cost>('optimizer-child.ts', '--allow-natives-syntax'),
  baseline: costMeter<Cost>('baseline-child.ts'),
};

describe('sandbox: what V8 takes for a module that moves many values', () => {
  for (const [name, body] of Object.entries(MOVES)) {
    for (const compiler of ['optimizer', 'baseline'] as const) {
      it(`${name}, by its ${compiler}`, (test) => {
        const bytes = largestMoving(body, compiler === 'optimizer');
        const { milliseconds, megabytes } = meters[compiler](bytes);
        test.diagnostic(`${bytes.length} bytes: ${megabytes.toFixed(0)} MB, ${milliseconds.toFixed(0)} ms of CPU time`);
        assert.ok(megabytes <= MOST_MEGABYTES[compiler], `${megabytes.toFixed(0)} MB`);
        assert.ok(milliseconds <= MOST_MILLISECONDS, `${milliseconds.toFixed(0)} ms of CPU time`);
      });
    }
  }
});
