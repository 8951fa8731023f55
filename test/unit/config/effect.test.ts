// What a changed key takes while the agent runs follows from its definition.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectOf } from '../../../host/config/effect.ts';
import { outputSection } from '../../../host/outputs/kinds/kind.ts';
import { OUTPUT_NAMES, OUTPUTS } from '../../../host/outputs/kinds/outputs.ts';

test('a key of an output has that output made anew, and no other', () => {
  for (const kind of OUTPUTS) {
    for (const key of Object.keys(kind.keys.keys)) {
      assert.deepEqual(effectOf(`${outputSection(kind)}.${key}`), [kind.name]);
    }
  }
});

test('a key applies as it is defined, or as the section that holds it', () => {
  assert.equal(effectOf('priority'), 'rules');
  assert.equal(effectOf('module_signatures.policy'), 'rules');
  assert.equal(effectOf('log_level'), 'now');
  assert.deepEqual(effectOf('json_output'), OUTPUT_NAMES);
  assert.deepEqual(effectOf('noise.repeat'), OUTPUT_NAMES);
});

test('a key that says nothing of it applies from the next start', () => {
  for (const path of ['webserver.listen_port', 'spool.path', 'engine.wasprey.ring_memory_mb']) {
    assert.equal(effectOf(path), 'start', path);
  }
});
