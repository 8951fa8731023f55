// What the tests of `unit` and `conformance` skip in a clone of the project that has no neighbours: what needs Falco's files, and says how to get
// them. The runner runs them there before this file.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isClonable, SKIPPED_IN_CLONE } from '../clone.ts';
import type { SkippedTest } from '../totals.ts';

const skip = isClonable() ? false : 'this is no git checkout';

test("in a clone few tests are skipped, each with how to get Falco's files", { skip }, () => {
  const skipped = JSON.parse(readFileSync(SKIPPED_IN_CLONE, 'utf8')) as readonly SkippedTest[];
  assert.ok(skipped.length > 0 && skipped.length < 50, `${skipped.length} tests are skipped`);
  for (const { file, name, why } of skipped) {
    assert.match(
      why,
      /^needs Falco's \S+: `git clone https:\/\/github\.com\/falcosecurity\/\w+` in a folder, and set FALCO_DATA to that folder$/,
      `${file}: ${name}`,
    );
  }
});
