// A state that is too long for its block: what is left out, in which order, and that the capture says so.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { fitState, MOST_STATE_BYTES } from '../../../host/captures/state/fit-state.ts';
import type { ProcessState, State } from '../../../host/captures/state/state.ts';
import { takeState } from '../../../host/captures/state/take-state.ts';
import { CaptureWriter } from '../../../host/captures/writer/capture-writer.ts';
import { directoryForTests } from '../../support/directory.ts';
import { FACTS } from '../../support/records/recordings.ts';

const directory = directoryForTests();
const own = takeState({ kind: 'process_tree', pid: process.pid }, undefined, {
  pid: process.pid,
  time: BigInt(Date.now()) * 1_000_000n,
});
const [sample] = own.processes;
assert.ok(sample);

function stateOf(count: number, given: Partial<ProcessState>): State {
  const processes = Array.from(
    { length: count },
    (_, index) => ({ ...sample, ...given, pid: index + 1 }) as ProcessState,
  );
  return { ...own, processes, missing: [] };
}

const map = { from: '1'.repeat(12), to: '2'.repeat(12), access: 'r-xp', path: `/${'x'.repeat(200)}` };
const bytesOf = (state: State): number => Buffer.byteLength(JSON.stringify(state));

describe('captures: a state that is too long', () => {
  it('is complete if it fits', () => {
    const state = stateOf(1, {});
    assert.equal(fitState(state), state);
  });

  it('loses executable memory first, then open files', () => {
    const descriptors = [{ number: 1, target: '/dev/null', access: 'r' as const }];
    const first = fitState(stateOf(30, { details: { descriptors, executableMaps: Array(1024).fill(map) } }));
    assert.deepEqual(first.missing, ['Executable memory is left out: the state would be too long.']);
    assert.deepEqual(first.processes[0]?.details, { descriptors, executableMaps: [] });
    const many = Array(1024).fill({ number: 1, target: `/${'x'.repeat(200)}` });
    const second = fitState(stateOf(30, { details: { descriptors: many, executableMaps: [map] } }));
    assert.equal(second.missing.length, 2);
    assert.equal(second.processes.length, 30);
    assert.equal(second.processes[0]?.details, undefined);
  });

  it('then long arguments, and then processes, the last ones first', () => {
    const long = fitState(stateOf(100, { arguments: ['sh', 'x'.repeat(60_000)] }));
    assert.equal(long.processes.length, 100);
    assert.deepEqual(long.processes[0]?.arguments, ['sh', 'x'.repeat(254)]);
    const many = fitState(stateOf(4096, { arguments: ['sh', '\u0001'.repeat(60_000)] }));
    assert.ok(bytesOf(many) <= MOST_STATE_BYTES);
    assert.ok(many.processes.length >= 512 && many.processes[0]?.pid === 1);
    assert.match(many.missing.at(-1) ?? '', /^\d+ processes are left out: the state would be too long\.$/);
  });

  it('is in the file, which is not said to be full', () => {
    const path = join(directory, 'capture.wsp');
    const writer = new CaptureWriter({ path, facts: FACTS, scope: { kind: 'all' }, since: 0n, mostBytes: 64 << 20 });
    writer.alert({
      alert: { rule: 'r', priority: 'p', time: 1n, message: 'm', tags: [], fields: {}, pid: 1, container: '' },
    });
    writer.state(stateOf(100, { arguments: ['x'.repeat(60_000)] }));
    writer.alert({
      alert: {
        ...{ rule: 'r', priority: 'p', time: 1n, message: 'm'.repeat(5 << 20), tags: [], fields: {} },
        ...{ pid: 1, container: '' },
      },
    });
    writer.close(0, 1);
    const notes = readNotes(path);
    assert.equal(notes.state?.processes.length, 100);
    assert.deepEqual(notes.cuts, ['An alert is missing: it is too long.']);
  });
});
