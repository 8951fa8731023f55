// Event records that are not committed, as a program leaves them that is interrupted: the addon commits what it injects, so the word is taken away in the
// memory that it writes the rings in.

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { EVENT_HEADER } from '../../../host/schema/event-structs.ts';
import { member } from '../../../host/schema/layout.ts';

const COMMIT = member(EVENT_HEADER, 'commit');

/**
 * @param rings the rings of all CPUs, as the sandbox has them
 * @param ring where that of the record's CPU begins among them
 * @param position of the record in it
 * @returns what commits the record
 */
export function takeCommitAway(rings: Uint8Array, ring: number, position: number): () => void {
  const word = Buffer.from(rings.slice(ring + position + COMMIT.offset).subarray(0, COMMIT.size));
  const memory = openSync('/proc/self/mem', 'r+');
  const there = Buffer.alloc(word.length);
  // Each capture has words of its own.
  const at = writtenAt(ring)
    .map((start) => start + position + COMMIT.offset)
    .find((at) => readSync(memory, there, 0, there.length, at) > 0 && there.equals(word));
  assert.ok(at !== undefined && word.readBigUInt64LE() !== 0n, 'no record that is committed begins there');
  writeSync(memory, Buffer.alloc(word.length), 0, word.length, at);
  return () => {
    writeSync(memory, word, 0, word.length, at);
    closeSync(memory);
  };
}

/** The addresses at which the addon writes that part of the file of the rings, for each capture that is open. */
function writtenAt(offset: number): number[] {
  const mappings = readFileSync('/proc/self/maps', 'utf8').matchAll(
    /^([\da-f]+)-[\da-f]+ rw-s ([\da-f]+) .*memfd:wasprey-rings/gm,
  );
  return [...mappings]
    .filter(([, , from = '']) => Number.parseInt(from, 16) === offset)
    .map(([, start = '']) => Number.parseInt(start, 16));
}
