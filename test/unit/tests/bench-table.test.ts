// The tables of the bench: what counts as an aim that is reached, and what is shown of a figure that can't be measured.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Figure } from '../../bench/figure.ts';
import { curveFigures, powerOf } from '../../bench/growth/curve.ts';
import { GROWTH } from '../../bench/growth/growth.ts';
import { runLoad } from '../../bench/load.ts';
import { isReached, renderFigures } from '../../bench/table.ts';

function rowOf(figure: Figure, falco?: string): string {
  return renderFigures('bench', [figure], falco).split('\n')[2] ?? '';
}

test('the median is what an aim is compared with', () => {
  const figure: Figure = { what: 'open', unit: '+%', samples: [10, 14, 40], aim: 15 };
  assert.match(rowOf(figure), /\+14\.0 %\s+10\.0 to 40\.0\s+\+15\.0 % ✓/);
  assert.match(rowOf({ ...figure, samples: [10, 16, 40] }), /\+15\.0 % ✗/);
});

test('a difference that is aimed to be none is reached where it can not be told from none', () => {
  const none: Figure = { what: 'getppid', unit: '+ns', samples: [-1, 0.5, 2], aim: 0 };
  assert.equal(isReached(none), true);
  assert.equal(isReached({ ...none, samples: [0.5, 1, 2] }), false);
  assert.equal(isReached({ ...none, unit: 'instructions' }), false, 'instructions are exact');
  assert.equal(isReached({ ...none, unit: 'instructions', samples: [0] }), true);
});

test('a figure without samples is not a figure of 0, and says why', () => {
  const row = rowOf({ what: 'getppid by fexit', unit: '+ns', samples: [], aim: 0, falco: 128, note: 'not here: why' });
  assert.match(row, /^getppid by fexit {3,}\+0\.00 ns {3,}not here: why$/);
});

test('the figure of Falco is that of the same run where there is one, else that of before', () => {
  const figure: Figure = { what: 'latency', unit: 'ms', samples: [1], falco: [2, 23], falcoHere: [4] };
  assert.match(rowOf(figure), /2 to 23\.0 ms\s+2\.0x/);
  assert.match(rowOf(figure, 'Falco 0.44.1'), /4\.00 ms\s+4\.0x/);
  assert.match(rowOf({ ...figure, falcoHere: [] }, 'Falco 0.44.1'), /2 to 23\.0 ms \(before\)\s+2\.0x/);
});

test('the power is that of the steepest stretch', () => {
  const powerAt = (...costs: readonly number[]): string =>
    powerOf(costs.map((cost, index) => ({ x: 10 ** index, samples: [cost] }))).toFixed(2);
  assert.equal(powerAt(3, 30, 300), '1.00');
  assert.equal(powerAt(650, 650, 660, 66_000), '2.00');
  assert.equal(powerAt(20, 10), '-0.30');
  assert.equal(powerAt(20), 'NaN');
});

test('what grows faster than its cause is missed, and fails the run', () => {
  const curve = (samples: readonly number[]): Figure | undefined =>
    curveFigures({
      what: 'cost',
      cause: 'rules',
      unit: 'ns',
      points: samples.map((sample, index) => ({ x: 10 ** index, samples: [sample] })),
    }).at(-1);
  const [linear, square] = [curve([1, 10, 100]), curve([1, 100, 10_000])];
  assert.ok(linear && square);
  assert.deepEqual([isReached(linear), isReached(square)], [true, false]);
  assert.equal(GROWTH.areBounds, true);
});

test('the load opens each file of a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-names-'));
  try {
    for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), '');
    assert.equal((await runLoad('names', { seconds: 0, calls: 7, path: folder })).calls, 7);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
