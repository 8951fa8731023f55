// Reads what a capture has beside its events, without unpacking the events: `wasprey captures` lists many.

import { list, object, optional, text } from '../../diagnostics/json-shape.ts';
import { count } from '../../diagnostics/numbers.ts';
import { readBlock } from '../../recording/block.ts';
import { type ByteSource, RecordingFile, refusePipe } from '../../recording/byte-source.ts';
import { findNextHead } from '../../recording/find-head.ts';
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
import { CAPTURED, type CaptureNotes, MOST_ALERTS, type NoteGaps, UNREAD_STATE } from './capture-notes.ts';

/** Unpacked. */
const LONGEST_ALERT = 256 << 10;
const MOST_ALERT_BYTES = 16 << 20;
const LONGEST_END = 256 << 10;
const MOST_CUTS = 100;
/** Blocks that could be the state; those that are not are left out. */
const MOST_STATES = 4;
/** Each reads some KB at least, and a hostile file could need one every 48 bytes. */
const MOST_SEARCHES = 1000;

/** What a list shows of a capture. */
export interface CaptureSummary extends Omit<CaptureNotes, 'state'> {
  readonly hasState: boolean;
}

/** Throws RecordingError and the errors of open(). */
export function readNotes(path: string): CaptureNotes {
  refusePipe(path);
  using file = new RecordingFile(path);
  let state: CaptureNotes['state'];
  let states = 0;
  const { hasState, ...summary } = summaryOf(file, (at) => {
    if (!state && ++states <= MOST_STATES) state = STATE(jsonAt(file, at));
  });
  const unreadState = hasState && !state ? [UNREAD_STATE] : [];
  return { ...summary, state, unread: [...summary.unread, ...unreadState] };
}

/** Reads the notes without the state, which is long. */
export function readSummary(path: string): CaptureSummary {
  using file = new RecordingFile(path);
  return summaryOf(file, () => {});
}

/** @param onState called with the offset of each block that may have the state */
function summaryOf(file: ByteSource, onState: (at: number) => void): CaptureSummary {
  new RecordingReader(file);
  const alerts: CaptureNotes['alerts'][number][] = [];
  const cuts: string[] = [];
  let terms: CaptureNotes['terms'];
  let hasState = false;
  let [bytes, unreadAlerts, blocksBehind] = [0, 0, 0];
  const heads = headsOf(file);
  let next = heads.next();
  for (; !next.done; next = heads.next()) {
    const { at, head } = next.value;
    const { kind, payloadLength } = head;
    if (alerts.length > 0) blocksBehind++;
    if (kind === BLOCK_KIND.STATE) {
      hasState = true;
      onState(at);
    } else if (kind === BLOCK_KIND.ALERT) {
      if (payloadLength > LONGEST_ALERT || bytes + payloadLength > MOST_ALERT_BYTES) continue;
      if (alerts.length >= MOST_ALERTS) continue;
      bytes += payloadLength;
      const captured = CAPTURED(jsonAt(file, at));
      if (captured) alerts.push(captured.alert);
      else unreadAlerts++;
      terms ??= captured?.terms;
    } else if (kind === BLOCK_KIND.END && payloadLength <= LONGEST_END) {
      cuts.push(...cutsOf(jsonAt(file, at)).slice(0, MOST_CUTS));
    }
  }
  const unread = unreadAlerts === 0 ? [] : [`Damaged, and can't be read: ${count(unreadAlerts, 'alert')}.`];
  const { damagedAt, endsAt } = next.value;
  // The state is behind the first alert.
  const mayLackState = !hasState && (damagedAt !== undefined || (endsAt !== undefined && blocksBehind === 0));
  return { terms, alerts, hasState, cuts, unread, gaps: { damagedAt, endsAt, mayLackState } };
}

/** What the last block of a capture has in addition. */
const END = object({ cuts: optional(list(text)) });

/**
 * Goes from head to head, up to the last block: what is behind it is not read as events either. Where the next one is not where it should be, it is
 * looked for.
 */
function* headsOf(
  source: ByteSource,
): Generator<{ readonly at: number; readonly head: BlockHead }, Omit<NoteGaps, 'mayLackState'>> {
  const first = FILE_HEAD_BYTES + readFileHead(source.read(0, FILE_HEAD_BYTES)).length;
  let damagedAt: number | undefined;
  let at: number | undefined = first;
  let searches = 0;
  while (at !== undefined && at < source.size) {
    const head = readBlockHead(source.read(at, BLOCK_HEAD_BYTES));
    const end: number = at + BLOCK_HEAD_BYTES + (head?.storedLength ?? 0);
    if (head && end <= source.size) {
      yield { at, head };
      if (head.kind === BLOCK_KIND.END) return { damagedAt, endsAt: undefined };
      if (end === source.size || readBlockHead(source.read(end, BLOCK_HEAD_BYTES))) {
        at = end;
        continue;
      }
    }
    const found: number | undefined = ++searches > MOST_SEARCHES ? undefined : findNextHead(source, at);
    if (found !== undefined || source.size - end >= BLOCK_HEAD_BYTES) damagedAt ??= head ? end : at;
    at = found;
  }
  return { damagedAt, endsAt: source.size };
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
