// The line of a verifier's log that says why the kernel refuses a program.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testAddon } from '../../support/records/test-addon.ts';

const { verdictOf } = testAddon;

test('the last line before the figures', () => {
  const log = `0: R1=ctx() R10=fp0
; int on_open(void *ctx)
0: (79) r6 = *(u64 *)(r1 +0)
1: (69) r2 = *(u16 *)(r6 +12)
R6 invalid mem access 'scalar'
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;
  assert.equal(verdictOf(log), "R6 invalid mem access 'scalar'");
});

test('with times of the verifier between', () => {
  const log = `combined stack size of 3 calls is 528. Too large
verification time 158 usec
stack depth 512
processed 1200 insns (limit 1000000) max_states_per_insn 4 total_states 80 peak_states 80 mark_read 12
`;
  assert.equal(verdictOf(log), 'combined stack size of 3 calls is 528. Too large');
});

test("what libbpf says of a relocation that it could not make, before the verifier's own words", () => {
  const log = `0: <invalid CO-RE relocation>
failed to resolve CO-RE relocation <byte_off> [42] struct filename.name (0:0 @ offset 0)
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;
  assert.equal(
    verdictOf(log),
    'failed to resolve CO-RE relocation <byte_off> [42] struct filename.name (0:0 @ offset 0)',
  );
});

test('a log that was cut off, or is empty', () => {
  assert.equal(verdictOf('1: (85) call unknown#300\ninvalid func unknown#300'), 'invalid func unknown#300');
  assert.equal(verdictOf(''), '');
});
