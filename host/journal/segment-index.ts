// The index of a segment: for each of its blocks, the time, the processes and the containers of its events. It is in a block of its own, before
// the last one; a segment that was cut off has none, and is read as a whole.

import { crc32, zstdDecompressSync } from 'node:zlib';
import { isObject } from '../diagnostics/json-value.ts';
import { UNPACKING } from '../recording/block.ts';
import type { ByteSource } from '../recording/byte-source.ts';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  FILE_HEAD_BYTES,
  LONGEST_PAYLOAD,
  readBlockHead,
  readFileHead,
} from '../recording/format.ts';

export interface IndexedBlock {
  /** Offset in the file. */
  readonly at: number;
  readonly events: number;
  /** ms since the epoch, rounded down and up. */
  readonly from: number;
  readonly to: number;
  /** In order. Undefined if there were too many to name. */
  readonly pids: readonly number[] | undefined;
  /** Full ids, `host` among them. */
  readonly containers: readonly string[];
  /** Names of event types. Undefined if they are not known: in files of earlier versions. */
  readonly types: readonly string[] | undefined;
}

export type SegmentIndex = readonly IndexedBlock[];

/** What somebody looks for. */
export interface Subject {
  readonly container?: string;
  readonly pid?: number;
}

/** Encodes the index as JSON: containers once, numbers of processes as distances to the one before. */
export function encodeIndex(index: SegmentIndex): Buffer {
  const json = Buffer.from(JSON.stringify(stored(index, true)));
  return json.length <= LONGEST_PAYLOAD ? json : Buffer.from(JSON.stringify(stored(index, false)));
}

function stored(index: SegmentIndex, withPids: boolean): unknown {
  const containers = [...new Set(index.flatMap((block) => block.containers))];
  const numbers = new Map(containers.map((id, number) => [id, number]));
  const types = [...new Set(index.flatMap((block) => block.types ?? []))];
  const places = new Map(types.map((name, place) => [name, place]));
  return {
    containers,
    types,
    blocks: index.map(({ at, events, from, to, pids, containers: own, types: ownTypes }) => [
      at,
      events,
      from,
      to - from,
      own.map((id) => numbers.get(id)),
      withPids && pids ? pids.map((pid, place) => pid - (pids[place - 1] ?? 0)) : null,
      ownTypes?.map((name) => places.get(name)) ?? null,
    ]),
  };
}

/** Undefined if the bytes of the block are not those of an index. They are not trusted. */
export function decodeIndex(block: Uint8Array): SegmentIndex | undefined {
  try {
    const bytes = zstdDecompressSync(block, { ...UNPACKING, maxOutputLength: LONGEST_PAYLOAD });
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    if (!isObject(json) || !Array.isArray(json.containers) || !Array.isArray(json.blocks)) return undefined;
    const containers: readonly unknown[] = json.containers;
    const types: readonly unknown[] = Array.isArray(json.types) ? json.types : [];
    const blocks = json.blocks.map((block: unknown) => readBlock(block, containers, types));
    return blocks.every((block) => block !== undefined) ? blocks : undefined;
  } catch {
    return undefined;
  }
}

/** The index of a file; undefined if it has none, or a damaged one. Goes from head to head, without reading what is between. */
export function readIndex(source: ByteSource): SegmentIndex | undefined {
  const { length } = readFileHead(source.read(0, FILE_HEAD_BYTES));
  for (let at = FILE_HEAD_BYTES + length; at < source.size; ) {
    const head = readBlockHead(source.read(at, BLOCK_HEAD_BYTES));
    if (!head) return undefined;
    if (head.kind === BLOCK_KIND.INDEX) {
      const stored = source.read(at + BLOCK_HEAD_BYTES, head.storedLength);
      return crc32(stored) === head.checksum ? decodeIndex(stored) : undefined;
    }
    at += BLOCK_HEAD_BYTES + head.storedLength;
  }
  return undefined;
}

/** Whether events of that container (its id, full or short) or process may be in the segment. */
export function mayConcern(index: SegmentIndex, { container, pid }: Subject): boolean {
  return index.some(
    ({ containers, pids }) =>
      (container === undefined || containers.some((id) => id.startsWith(container))) &&
      (pid === undefined || (pids?.includes(pid) ?? true)),
  );
}

function readBlock(
  stored: unknown,
  containers: readonly unknown[],
  types: readonly unknown[],
): IndexedBlock | undefined {
  if (!Array.isArray(stored)) return undefined;
  const [at, events, from, lasts, own, distances, ownTypes] = stored as unknown[];
  if (!isCount(at) || !isCount(events) || !isCount(from) || !isCount(lasts)) return undefined;
  if (!Array.isArray(own) || !(distances === null || (Array.isArray(distances) && distances.every(isCount))))
    return undefined;
  const ids = own.map((number: unknown) => (isCount(number) ? containers[number] : undefined));
  if (!ids.every((id) => typeof id === 'string')) return undefined;
  let pid = 0;
  const pids = distances?.map((distance: number) => (pid += distance));
  return { at, events, from, to: from + lasts, pids, containers: ids, types: namesOf(ownTypes, types) };
}

/** Undefined if any of them is not known. */
function namesOf(places: unknown, names: readonly unknown[]): readonly string[] | undefined {
  if (!Array.isArray(places)) return undefined;
  const found = places.map((place: unknown) => (isCount(place) ? names[place] : undefined));
  return found.every((name) => typeof name === 'string') ? found : undefined;
}

/** Whether the segment is known to have no event of those types. */
export function lacksTypes(index: SegmentIndex, types: ReadonlySet<string>): boolean {
  return index.every((block) => block.types !== undefined && !block.types.some((name) => types.has(name)));
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
