// Reads what a capture has beside its events, without unpacking the events: `wasprey captures` lists many.

import { list, object, optional, text } from '../../diagnostics/json-shape.ts';
import { readBlock } from '../../recording/block.ts';
import { type ByteSource, RecordingFile, refusePipe } from '../../recording/byte-source.ts';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  type BlockHead,
  FILE_HEAD_BYTES,
  readBlockHead,
  readFileHead,
} from '../../recording/format.ts';
import { RecordingReader } from '../../recording/reader.ts';
import { STATE } from '../state/state.ts';
import { CAPTURED, type CaptureNotes } from './capture-notes.ts';

/** Of one capture: an agent adds no more, and a hostile file could. */
export const MOST_ALERTS = 1024;
/** Unpacked. */
const LONGEST_ALERT = 256 << 10;
const MOST_ALERT_BYTES = 16 << 20;
const LONGEST_END = 256 << 10;
const MOST_CUTS = 100;
/** Blocks that could be the state; those that are not are left out. */
const MOST_STATES = 4;

/** What a list shows of a capture. */
export interface CaptureSummary extends Omit<CaptureNotes, 'state'> {
  readonly hasState: boolean;
}

/**
 * Throws RecordingError and the errors of open().
 * @returns undefined if it is a recording without alerts
 */
export function readNotes(path: string): CaptureNotes | undefined {
  refusePipe(path);
  using file = new RecordingFile(path);
  let state: CaptureNotes['state'];
  let states = 0;
  const summary = summaryOf(file, (at) => {
    if (!state && ++states <= MOST_STATES) state = STATE(jsonAt(file, at));
  });
  if (!summary) return undefined;
  const { terms, alerts, cuts } = summary;
  return { terms, alerts, state, cuts };
}

/** The same without the state, which is long. */
export function readSummary(path: string): CaptureSummary | undefined {
  using file = new RecordingFile(path);
  return summaryOf(file, () => {});
}

/** @param onState called with the offset of each block that may have the state */
function summaryOf(file: ByteSource, onState: (at: number) => void): CaptureSummary | undefined {
  new RecordingReader(file);
  const alerts: CaptureNotes['alerts'][number][] = [];
  const cuts: string[] = [];
  let terms: CaptureNotes['terms'];
  let hasState = false;
  let bytes = 0;
  for (const { at, head } of headsOf(file)) {
    const { kind, payloadLength } = head;
    if (kind === BLOCK_KIND.STATE) {
      hasState = true;
      onState(at);
    } else if (kind === BLOCK_KIND.ALERT) {
      if (payloadLength > LONGEST_ALERT || bytes + payloadLength > MOST_ALERT_BYTES) continue;
      if (alerts.length >= MOST_ALERTS) continue;
      bytes += payloadLength;
      const captured = CAPTURED(jsonAt(file, at));
      if (captured) alerts.push(captured.alert);
      terms ??= captured?.terms;
    } else if (kind === BLOCK_KIND.END) {
      // What is behind it is not read as events either.
      if (payloadLength <= LONGEST_END) cuts.push(...cutsOf(jsonAt(file, at)).slice(0, MOST_CUTS));
      break;
    }
  }
  return alerts.length === 0 ? undefined : { terms, alerts, hasState, cuts };
}

/** What the last block of a capture has in addition. */
const END = object({ cuts: optional(list(text)) });

/** Goes from head to head. What is damaged has no note; the events behind it are for the reader of events to find. */
function* headsOf(source: ByteSource): Generator<{ readonly at: number; readonly head: BlockHead }> {
  let at = FILE_HEAD_BYTES + readFileHead(source.read(0, FILE_HEAD_BYTES)).length;
  for (;;) {
    const head = readBlockHead(source.read(at, BLOCK_HEAD_BYTES));
    if (!head) return;
    yield { at, head };
    at += BLOCK_HEAD_BYTES + head.storedLength;
  }
}

/** Undefined if the block there is damaged or not JSON. */
function jsonAt(source: ByteSource, at: number): unknown {
  const block = readBlock(source, at, 0);
  return typeof block === 'string' ? undefined : parse(block.payload);
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
