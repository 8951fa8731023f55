// What is compiled for guests beforehand (test/kernels/prime.ts): what could not be compiled is not taken for compiled.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILD, PROJECT } from '../../../host/setup/paths.mjs';
import { prime } from '../../kernels/prime.ts';
import type { Step } from '../../kernels/steps.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-prime-'));
after(() => rmSync(folder, { recursive: true }));

const rule = (condition: string): string =>
  `- rule: Primed\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: NOTICE\n`;
const GOOD = rule('evt.type = openat and fd.name = /primed');
const BAD = rule('evt.type = openat and fd.nam = /primed');

/** Whether the step counts as compiled afterwards. */
function isPrimed(step: Omit<Step, 'name' | 'limitSeconds' | 'hooks'>): boolean {
  const name = `unit-${process.pid}`;
  const stamp = join(BUILD, 'kernels/primed', name);
  try {
    prime([{ ...step, name, limitSeconds: 60, hooks: 'sys_exit' }]);
    return existsSync(stamp);
  } finally {
    rmSync(stamp, { force: true });
  }
}

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** As a live test is, of which each test fails once its rules are compiled. */
function liveTest(name: string, texts: readonly string[]): string {
  const product = JSON.stringify(`${PROJECT}test/support/live/live-product.ts`);
  const tests = texts.map((text, index) => {
    const files = JSON.stringify([{ name: 'primed.yaml', text }]);
    return `test('${index}', () => startProduct(${files}, {}, () => {}));\n`;
  });
  return written(
    name,
    `import { test } from 'node:test';\nimport { startProduct } from ${product};\n${tests.join('')}`,
  );
}

test('rules', () => {
  const ofRules = (path: string) => isPrimed({ file: 'test/run.ts', primedBy: { rules: [path] } });
  assert.ok(ofRules(written('good.yaml', GOOD)));
  assert.ok(!ofRules(written('bad.yaml', BAD)));
});

test('live tests', () => {
  const ofTest = (file: string) => isPrimed({ file, primedBy: 'itself' });
  assert.ok(ofTest(liveTest('good.test.mjs', [GOOD])));
  assert.ok(!ofTest(liveTest('bad.test.mjs', [GOOD, BAD])));
  assert.ok(!ofTest(liveTest('none.test.mjs', [])));
});
