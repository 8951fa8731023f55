// What a stranger has: a clone of the project, and nothing beside it. There the unit and conformance tests pass, and those that need
// Falco's files are skipped and say how to get them.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';
import { TEST_MODULES } from '../support/module-cache.ts';

/** What set-up and runs of the product make for these tests: it would take the clone minutes. */
const BUILT = ['bpf', 'modules', 'native', 'page', 'setup'];

const skip = existsSync(join(PROJECT, '.git')) ? false : 'this is no git checkout';

test('unit and conformance tests pass in a clone that has no neighbours', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-alone-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clone = join(folder, 'project');
  execFileSync('git', ['clone', '--quiet', PROJECT, clone]);
  symlinkSync(join(PROJECT, 'node_modules'), join(clone, 'node_modules'));
  for (const part of BUILT.filter((name) => existsSync(join(BUILD, name)))) {
    cpSync(join(BUILD, part), join(clone, 'build', part), { recursive: true });
  }
  assert.deepEqual(readdirSync(folder), ['project']);

  // Without the test runner's variable, by which a run within a test runs nothing.
  const { FALCO_DATA: _falco, NODE_TEST_CONTEXT: _context, ...environment } = process.env;
  const words = ['host/setup/bootstrap.mjs', 'test/run.ts', 'unit', 'conformance'];
  const child = spawn(process.execPath, words, {
    cwd: clone,
    env: { ...environment, WASPREY_TEST_MODULES: TEST_MODULES },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);

  const failures = output.split('failing tests:')[1] ?? output.slice(-5000);
  assert.equal(status, 0, failures);
  const closing = /\n(\d+) passed, 0 failed, (\d+) skipped\n$/.exec(output);
  const [passed, skipped] = [Number(closing?.[1]), Number(closing?.[2])];
  assert.ok(passed > 1000 && skipped > 0 && skipped < 50, output.slice(-500));
  const reasons = [...output.matchAll(/^ *﹣ .* # (.*)$/gm)].map(([, reason]) => reason);
  assert.equal(reasons.length, skipped);
  for (const reason of reasons) {
    assert.match(
      reason ?? '',
      /^needs Falco's \S+: `git clone https:\/\/github\.com\/falcosecurity\/\w+` in a folder, and set FALCO_DATA to that folder$/,
    );
  }
});
