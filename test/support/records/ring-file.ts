// Event records that are not committed, as a program leaves them that is interrupted: the addon commits what it injects, so the word is taken away in the
// memory that it writes the rings in.

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { EVENT_HEADER } from '../../../host/schema/event-structs.ts';
import { member } from '../../../host/schema/layout.ts';

const COMMIT = member(EVENT_HEADER, 'commit');

/**
 * @param ring where the ring of the CPU begins among those of the only capture that is open
 * @param position of the record in it
 * @returns what commits the record
 */
export function takeCommitAway(ring: number, position: number): () => void {
  const at = writtenAt(ring) + position + COMMIT.offset;
  const memory = openSync('/proc/self/mem', 'r+');
  const word = Buffer.alloc(8);
  readSync(memory, word, 0, word.length, at);
  assert.notEqual(word.readBigUInt64LE(), 0n, 'no committed record begins there');
  writeSync(memory, Buffer.alloc(word.length), 0, word.length, at);
  return () => {
    writeSync(memory, word, 0, word.length, at);
    closeSync(memory);
  };
}

/** The address at which the addon writes that part of the file of the rings. */
function writtenAt(offset: number): number {
  const mappings = readFileSync('/proc/self/maps', 'utf8').matchAll(
    /^([\da-f]+)-[\da-f]+ rw-s ([\da-f]+) .*memfd:wasprey-rings/gm,
  );
  const starts = [...mappings].filter(([, , from = '']) => Number.parseInt(from, 16) === offset);
  assert.equal(starts.length, 1, 'captures that are open');
  return Number.parseInt(starts[0]?.[1] ?? '', 16);
}
