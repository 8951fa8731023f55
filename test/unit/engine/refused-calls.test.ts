// Calls that BPF LSM has refused: the rules that the kernel names, each once, and no others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusedCalls } from '../../../host/engine/modules/refused-calls.ts';
import { EventMemory } from '../../../host/fields/memory.ts';
import { ENFORCED } from '../../../host/schema/enforced.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import { member } from '../../../host/schema/layout.ts';

const FIRST = 64;
const RECORD = EVENT_STRUCTS.open.size + 16;
const REFUSED = ENFORCED.LSM_REFUSED;
const SERIAL = 1 << 10;

/** Records of opens, one behind the other: what was done, and the clauses that were met. */
function segments(records: readonly (readonly [enforced: number, met: bigint])[]): {
  readonly memory: EventMemory;
  readonly pairs: Uint32Array;
} {
  const view = new DataView(new ArrayBuffer(4096));
  for (const [index, [enforced, met]] of records.entries()) {
    const at = FIRST + index * RECORD;
    view.setUint32(at + member(EVENT_HEADER, 'size').offset, RECORD, true);
    view.setUint16(at + member(EVENT_HEADER, 'type').offset, findEventType('openat')?.number ?? 0, true);
    view.setUint16(at + member(EVENT_HEADER, 'reserved').offset, enforced, true);
    view.setBigUint64(at + EVENT_STRUCTS.open.size, met, true);
  }
  return { memory: new EventMemory(view.buffer), pairs: Uint32Array.of(FIRST, FIRST + records.length * RECORD) };
}

test('each rule of a clause that was met is named once, of calls that its tables have refused', () => {
  const { memory, pairs } = segments([
    [REFUSED, 0b111n],
    [ENFORCED.REFUSED, 0b111n],
    [REFUSED, 1n << 40n],
    [0, 0b111n],
    [REFUSED | SERIAL, 0b111n],
  ]);
  const clauses = Array.from({ length: 41 }, (_, clause) => ({
    name: '',
    module: clause === 40 ? 1 : 0,
    rule: clause === 2 ? 5 : 3,
  }));
  const refused = new RefusedCalls(memory, { clauses, serial: 0 });
  const named: number[][] = [];
  refused.visit(pairs, 1, (...rule) => named.push(rule));
  assert.deepEqual(named, [
    [0, 3, FIRST],
    [0, 5, FIRST],
    [1, 3, FIRST + 2 * RECORD],
  ]);
  assert.ok(refused.has(0, 5, FIRST));
  assert.ok(!refused.has(1, 3, FIRST));
  assert.ok(!refused.has(0, 3, FIRST + RECORD));
  const others = new RefusedCalls(memory, { clauses, serial: 1 });
  assert.ok(others.has(0, 3, FIRST + 4 * RECORD));
  assert.ok(!others.has(0, 3, FIRST));
});
