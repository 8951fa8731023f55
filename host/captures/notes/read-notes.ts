// Reads what a capture has beside its events, without unpacking the events: `wasprey captures` lists many.

import { list, object, optional, text } from '../../diagnostics/json-shape.ts';
import { readBlock } from '../../recording/block.ts';
import { type ByteSource, RecordingFile } from '../../recording/byte-source.ts';
import { BLOCK_HEAD_BYTES, BLOCK_KIND, FILE_HEAD_BYTES, readBlockHead, readFileHead } from '../../recording/format.ts';
import { RecordingReader } from '../../recording/reader.ts';
import { STATE } from '../state/state.ts';
import { CAPTURED, type CaptureNotes } from './capture-notes.ts';

/** Of one capture: an agent adds no more, and a hostile file could. */
export const MOST_ALERTS = 1024;

/**
 * Throws RecordingError and the errors of open().
 * @returns undefined if it is a recording without alerts
 */
export function readNotes(path: string): CaptureNotes | undefined {
  using file = new RecordingFile(path);
  new RecordingReader(file);
  const alerts: CaptureNotes['alerts'][number][] = [];
  const cuts: string[] = [];
  let terms: CaptureNotes['terms'];
  let state: CaptureNotes['state'];
  for (const { kind, json } of notesOf(file)) {
    if (kind === BLOCK_KIND.STATE) state ??= STATE(json);
    else if (kind === BLOCK_KIND.END) cuts.push(...cutsOf(json));
    else if (alerts.length < MOST_ALERTS) {
      const captured = CAPTURED(json);
      if (captured) alerts.push(captured.alert);
      terms ??= captured?.terms;
    }
  }
  return alerts.length === 0 ? undefined : { terms, alerts, state, cuts };
}

/** What the last block of a capture has in addition. */
const END = object({ cuts: optional(list(text)) });

const NOTES: ReadonlySet<number> = new Set([BLOCK_KIND.ALERT, BLOCK_KIND.STATE, BLOCK_KIND.END]);

/** Goes from head to head. What is damaged has no note; the events behind it are for the reader of events to find. */
function* notesOf(source: ByteSource): Generator<{ readonly kind: number; readonly json: unknown }> {
  let at = FILE_HEAD_BYTES + readFileHead(source.read(0, FILE_HEAD_BYTES)).length;
  for (;;) {
    const head = readBlockHead(source.read(at, BLOCK_HEAD_BYTES));
    if (!head) return;
    if (NOTES.has(head.kind)) {
      const block = readBlock(source, at, head.number);
      if (typeof block !== 'string') yield { kind: head.kind, json: parse(block.payload) };
    }
    at += BLOCK_HEAD_BYTES + head.storedLength;
  }
}

function cutsOf(json: unknown): readonly string[] {
  return END(json)?.cuts ?? [];
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}
