// Memory that is given back: less is resident, and all that was there works as before.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { collectGarbage } from '../../../host/engine/loop/collect-garbage.ts';
import { BuilderCapture, SMALL } from '../../support/records/builder-capture.ts';
import { text } from '../../support/records/records.ts';
import { testAddon } from '../../support/records/test-addon.ts';

const MEGABYTE = 1e6;

function resident(part: 'RssFile' | 'RssAnon'): number {
  return 1024 * Number(new RegExp(`^${part}:\\s*(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

test('pages of program files leave the resident set, and come back when they are needed', () => {
  using builder = new BuilderCapture();
  assert.equal(text(builder.one('openat', { raw: '/tmp/before', dirfd: -100 }), 'name'), '/tmp/before');
  const before = resident('RssFile');
  testAddon.releaseMemory();
  assert.ok(resident('RssFile') < before / 2, `${resident('RssFile')} of ${before} bytes are resident`);
  assert.equal(text(builder.one('openat', { raw: '/tmp/after', dirfd: -100 }), 'name'), '/tmp/after');
  // Code that was relocated, compiled, and not run before.
  assert.equal(new Intl.NumberFormat('de').format(1234.5), '1.234,5');
  testAddon.releaseMemory();
});

test('the table of process images takes memory as it is filled', () => {
  const before = resident('RssAnon');
  using _builder = new BuilderCapture({ ...SMALL, imageBudget: 256 << 20 });
  const grown = resident('RssAnon') - before;
  assert.ok(grown < 3 * MEGABYTE, `an empty one of 256 MB takes ${grown} bytes`);
});

test("garbage is collected, and the heap's free pages are given back", () => {
  let garbage: number[][] | undefined = Array.from({ length: 1000 }, (_, n) => new Array<number>(10_000).fill(n + 0.5));
  const full = resident('RssAnon');
  assert.equal(garbage.length, 1000);
  garbage = undefined;
  collectGarbage('all');
  assert.ok(full - resident('RssAnon') > 40 * MEGABYTE, `${full} bytes became ${resident('RssAnon')}`);
});
