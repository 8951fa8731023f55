// This kernel's verifier takes each BPF program, or the failure has its words.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { release } from 'node:os';
import { test } from 'node:test';

/** As the addon chooses how to attach programs (native/src/loading/attachment.cc). */
const attachment = Number.parseInt(release(), 10) >= 7 ? 'events' : 'tracepoints';

for (const object of ['wasprey', 'isolate']) {
  const { stdout, stderr, status } = spawnSync('/guest/load-programs', [`build/bpf/${object}.bpf.o`, attachment], {
    encoding: 'utf8',
  });

  /** A line "program NAME loaded|refused", and what follows it. */
  const parts = stdout.split(/^program /m).slice(1);

  test(`load-programs runs: ${object}`, () => {
    assert.ok(status === 0 || status === 1, `status ${status}: ${stderr}`);
    assert.ok(parts.length > 0, 'no program in the object');
  });

  for (const part of parts) {
    const [, name = '', result] = /^(\S+) (\S+)/.exec(part) ?? [];
    test(name, () => {
      assert.equal(result, 'loaded', part);
    });
  }
}
