// The recording's outer format: the file's head and the heads of its blocks. README.md describes it.

import { crc32 } from 'node:zlib';
import { RECORD_LAYOUT, readLayout, storeLayout } from '../schema/versions/record-layout.ts';
import { OtherRecords } from './other-records.ts';

/** Like PNG's: a non-text first byte, and line ends that a text-mode transfer would change. */
const FILE_MAGIC = Uint8Array.of(0x89, 0x57, 0x53, 0x50, 0x52, 0x59, 0x0d, 0x0a);
export const FORMAT_VERSION = 2;
export const FILE_HEAD_BYTES = 24;
/** A bit for each of OPEN_COMBINATIONS. */
const OPENS = /^[0-9a-f]{64}$/;
const LONGEST_FACTS = 4 << 20;

/** `WBLK`, as it lies in the file. */
export const BLOCK_MAGIC = Uint8Array.of(0x57, 0x42, 0x4c, 0x4b);
export const BLOCK_HEAD_BYTES = 48;
/** Largest unpacked size of a block; the recorder ends one at 1 MB and its last step. */
export const LONGEST_PAYLOAD = 4 << 20;
/** zstd makes incompressible data a little longer. */
const LONGEST_STORED = LONGEST_PAYLOAD + (LONGEST_PAYLOAD >> 4);

/** A reader passes over blocks of other kinds: data beside the events, for which later versions may have more kinds. */
export const BLOCK_KIND = {
  DATA: 1,
  END: 2,
  /** Index of a segment of the journal (host/journal/): where its events are. */
  INDEX: 3,
  /** Notes of a capture (host/captures/): the alert that it was made for, and the state of the processes then. */
  ALERT: 4,
  STATE: 5,
} as const;

/** What a journal keeps: not all events of the types that it has. */
export interface KeptEvents {
  /** Kept events by event type: a word of JOURNAL_KEEP (host/schema/journal.ts). */
  readonly types: ReadonlyMap<string, string>;
  /** Which opens, by OPEN_COMBINATIONS as in FilterClause.opens. */
  readonly opens: string;
}

/** Facts about the recorded machine. */
export interface RecordingFacts {
  readonly hostname: string;
  /** ns since the epoch. */
  readonly started: bigint;
  /** Kernel release, for people. */
  readonly kernel: string;
  readonly eventTypes: readonly string[];
  /** Which events of these types it has; absent: all. */
  readonly kept?: KeptEvents;
  /** Names by number, for ids in arguments of calls. Those of processes come with their images. */
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
}

/** The contents of the last block. */
export interface RecordingEnd {
  readonly events: number;
  /** Events that the kernel dropped, and those that were left out since the previous file: no room in the file or on the disk, or a slow writer. */
  readonly dropped: number;
  readonly seconds: number;
  /** What bounds of a capture have cut, each as a sentence. */
  readonly cuts?: readonly string[];
}

export interface BlockHead {
  /** One of BLOCK_KIND, or of a later version. */
  readonly kind: number;
  /** Bytes that follow the head. */
  readonly storedLength: number;
  /** Bytes when unpacked. */
  readonly payloadLength: number;
  /** crc32 of the stored bytes. */
  readonly checksum: number;
  /** Where the events begin in an arranged block (arranged.ts); 0: it is not arranged. */
  readonly eventsAt: number;
  /** Counts from 0. */
  readonly number: number;
  /** Events in all blocks before this one: shows how many are lost with missing blocks. */
  readonly eventsBefore: number;
}

export type RecordingErrorCode =
  | 'RECORDING_NONE'
  | 'RECORDING_PIPE'
  | 'RECORDING_OTHER_VERSION'
  | 'RECORDING_DAMAGED_HEAD';

/** A file that can't be replayed at all. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  /** Stable. */
  readonly code: RecordingErrorCode;

  constructor(code: RecordingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function encodeFileHead(facts: RecordingFacts): Uint8Array {
  const json = Buffer.from(
    JSON.stringify({
      layout: storeLayout(RECORD_LAYOUT),
      hostname: facts.hostname,
      started: String(facts.started),
      kernel: facts.kernel,
      eventTypes: facts.eventTypes,
      ...(facts.kept && { kept: { types: Object.fromEntries(facts.kept.types), opens: facts.kept.opens } }),
      users: Object.fromEntries(facts.users),
      groups: Object.fromEntries(facts.groups),
    }),
  );
  const bytes = new Uint8Array(FILE_HEAD_BYTES + json.length);
  bytes.set(FILE_MAGIC);
  bytes.set(json, FILE_HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, json.length, true);
  view.setUint32(16, crc32(json), true);
  view.setUint32(20, crc32(bytes.subarray(0, 20)), true);
  return bytes;
}

/**
 * The length of the facts, out of the first FILE_HEAD_BYTES of a file (or what there is of them).
 * @throws {RecordingError}
 */
export function readFileHead(bytes: Uint8Array): { readonly length: number; readonly checksum: number } {
  if (!FILE_MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw new RecordingError('RECORDING_NONE', 'it is not a recording of `wasprey capture`');
  }
  if (bytes.length < FILE_HEAD_BYTES) throw damagedHead('the file ends within it');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (crc32(bytes.subarray(0, 20)) !== view.getUint32(20, true)) throw damagedHead('its checksum is wrong');
  const version = view.getUint32(8, true);
  if (version !== FORMAT_VERSION) {
    const message = `it is in format ${version}, and this version of Wasprey reads format ${FORMAT_VERSION}: replay it with the version that made it`;
    throw new RecordingError('RECORDING_OTHER_VERSION', message);
  }
  const length = view.getUint32(12, true);
  if (length > LONGEST_FACTS) throw damagedHead('it is too long');
  return { length, checksum: view.getUint32(16, true) };
}

/** What the head of a file says. */
export interface ReadFacts {
  readonly facts: RecordingFacts;
  /** Reads its records, if they have another layout than this version. */
  readonly other: OtherRecords | undefined;
}

/** @throws {RecordingError} */
export function readFacts(bytes: Uint8Array, head: { readonly length: number; readonly checksum: number }): ReadFacts {
  if (bytes.length < head.length) throw damagedHead('the file ends within it');
  if (crc32(bytes) !== head.checksum) throw damagedHead('its checksum is wrong');
  return parseFacts(Buffer.from(bytes).toString('utf8'));
}

function parseFacts(text: string): ReadFacts {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damagedHead('it is not valid JSON');
  }
  if (typeof json !== 'object' || json === null) throw damagedHead('it is not a JSON object');
  const { layout, hostname, started, kernel, eventTypes, users, groups, kept } = json as Record<string, unknown>;
  if (typeof hostname !== 'string' || typeof kernel !== 'string') throw damagedHead('its machine is missing');
  if (typeof started !== 'string' || !/^\d{1,19}$/.test(started)) throw damagedHead('its start is missing');
  if (!Array.isArray(eventTypes) || !eventTypes.every((type) => typeof type === 'string')) {
    throw damagedHead('its event types are missing');
  }
  const machine = { hostname, started: BigInt(started), kernel, eventTypes, ...keptOf(kept) };
  return { facts: { ...machine, users: namesOf(users), groups: namesOf(groups) }, other: otherRecords(layout) };
}

function keptOf(json: unknown): { kept?: KeptEvents } {
  if (json === undefined) return {};
  const { types, opens } = (isObject(json) ? json : {}) as Record<string, unknown>;
  if (!isObject(types) || typeof opens !== 'string' || !OPENS.test(opens)) {
    throw damagedHead('which events it keeps is invalid');
  }
  const words = Object.entries(types).flatMap(([type, keep]): [string, string][] =>
    typeof keep === 'string' ? [[type, keep]] : [],
  );
  return { kept: { types: new Map(words), opens } };
}

function isObject(json: unknown): json is object {
  return typeof json === 'object' && json !== null;
}

/** Undefined if the layout is that of this version. */
function otherRecords(json: unknown): OtherRecords | undefined {
  // What was read is not deep: JSON of any depth can't be made a text again.
  const layout = readLayout(json);
  if (layout && JSON.stringify(storeLayout(layout)) === OWN_LAYOUT) return undefined;
  const other = layout && OtherRecords.of(layout);
  if (!other) throw damagedHead('its layout of records is invalid');
  return other;
}

const OWN_LAYOUT = JSON.stringify(storeLayout(RECORD_LAYOUT));

function namesOf(json: unknown): Map<number, string> {
  if (typeof json !== 'object' || json === null) throw damagedHead('its names of users are missing');
  return new Map(
    Object.entries(json).flatMap(([id, name]): [number, string][] =>
      typeof name === 'string' ? [[Number(id), name]] : [],
    ),
  );
}

function damagedHead(reason: string): RecordingError {
  return new RecordingError('RECORDING_DAMAGED_HEAD', `its head is damaged: ${reason}`);
}

export function encodeBlockHead(head: BlockHead): Uint8Array {
  const bytes = new Uint8Array(BLOCK_HEAD_BYTES);
  bytes.set(BLOCK_MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, head.kind, true);
  view.setUint32(8, head.storedLength, true);
  view.setUint32(12, head.payloadLength, true);
  view.setUint32(16, head.checksum, true);
  view.setUint32(20, head.eventsAt, true);
  view.setBigUint64(24, BigInt(head.number), true);
  view.setBigUint64(32, BigInt(head.eventsBefore), true);
  view.setUint32(44, crc32(bytes.subarray(0, 44)), true);
  return bytes;
}

/** Undefined if the bytes are not a valid head of a block. */
export function readBlockHead(bytes: Uint8Array): BlockHead | undefined {
  if (bytes.length < BLOCK_HEAD_BYTES || !BLOCK_MAGIC.every((byte, index) => bytes[index] === byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (crc32(bytes.subarray(0, 44)) !== view.getUint32(44, true)) return undefined;
  const kind = view.getUint32(4, true);
  const storedLength = view.getUint32(8, true);
  const payloadLength = view.getUint32(12, true);
  const number = Number(view.getBigUint64(24, true));
  const eventsBefore = Number(view.getBigUint64(32, true));
  if (storedLength > LONGEST_STORED || payloadLength > LONGEST_PAYLOAD) return undefined;
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(eventsBefore)) return undefined;
  const [checksum, eventsAt] = [view.getUint32(16, true), view.getUint32(20, true)];
  return { kind, storedLength, payloadLength, checksum, eventsAt, number, eventsBefore };
}
