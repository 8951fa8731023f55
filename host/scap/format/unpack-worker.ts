// The thread that unpacks gzip: sends parts to the thread that reads, a few ahead of it. Members are taken apart here, because Node's own
// stream loses what it has unpacked when something else follows the last member.

import { openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { crc32, createInflateRaw } from 'node:zlib';
import { SHARED_WORD, type Unpacked, type UnpackingStart } from './byte-stream.ts';

/** Bytes of the file at once: what an error makes unreadable is no more than this holds. */
const PIECE_BYTES = 1 << 14;
const PART_BYTES = 1 << 18;
const MOST_AHEAD = 8;
const TRAILER_BYTES = 8;
const FIXED_HEADER = 10;
const FLAG = { HEADER_CRC: 2, EXTRA: 4, NAME: 8, COMMENT: 16 } as const;

const { path, port, shared }: UnpackingStart = workerData;
let sent = 0;

/** The file, with what was read too far. */
class Packed {
  readonly #descriptor: number;
  #rest: Buffer = Buffer.alloc(0);
  done = 0;

  constructor(file: string) {
    this.#descriptor = openSync(file, 'r');
  }

  /** Fewer bytes at the end. */
  read(length: number): Buffer {
    while (this.#rest.length < length) {
      const piece = Buffer.alloc(PIECE_BYTES);
      const count = readSync(this.#descriptor, piece, 0, piece.length, null);
      if (count === 0) break;
      this.#rest = Buffer.concat([this.#rest, piece.subarray(0, count)]);
    }
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(bytes.length);
    this.done += bytes.length;
    return bytes;
  }

  unread(bytes: Buffer): void {
    this.#rest = Buffer.concat([bytes, this.#rest]);
    this.done -= bytes.length;
  }

  all(length: number): Buffer {
    const bytes = this.read(length);
    if (bytes.length < length) throw new Failure('Z_BUF_ERROR');
    return bytes;
  }

  skipText(): void {
    while (this.all(1)[0] !== 0);
  }
}

class Failure extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** False if what follows is not a member: it is ignored then. */
function skipHeader(packed: Packed, isFirst: boolean): boolean {
  const begin = packed.read(3);
  const isMember = begin.length === 3 && begin[0] === 0x1f && begin[1] === 0x8b && begin[2] === 8;
  if (!isMember) {
    if (isFirst) throw new Failure('Z_DATA_ERROR');
    return false;
  }
  const flags = packed.all(FIXED_HEADER - 3)[0] ?? 0;
  if ((flags & FLAG.EXTRA) !== 0) packed.all(packed.all(2).readUInt16LE());
  if ((flags & FLAG.NAME) !== 0) packed.skipText();
  if ((flags & FLAG.COMMENT) !== 0) packed.skipText();
  if ((flags & FLAG.HEADER_CRC) !== 0) packed.all(2);
  return true;
}

async function unpackMember(packed: Packed): Promise<void> {
  const inflate = createInflateRaw({ chunkSize: PART_BYTES });
  let checksum = 0;
  let length = 0;
  let written = 0;
  let ended = false;
  const { promise: end, resolve, reject } = Promise.withResolvers<void>();
  // It may fail while nothing waits for it.
  end.catch(() => {});
  inflate.on('data', (chunk: Buffer) => {
    checksum = crc32(chunk, checksum);
    length = (length + chunk.length) >>> 0;
    sendPart(chunk, packed.done);
  });
  inflate.on('end', () => {
    ended = true;
    resolve();
  });
  inflate.on('error', reject);
  while (!ended) {
    const piece = packed.read(PIECE_BYTES);
    if (piece.length === 0) {
      inflate.end();
      await end;
      break;
    }
    written += piece.length;
    await Promise.race([end, new Promise<void>((next) => inflate.write(piece, () => next()))]);
    if (ended || inflate.bytesWritten < written) {
      await end;
      packed.unread(piece.subarray(piece.length - (written - inflate.bytesWritten)));
    }
  }
  const trailer = packed.all(TRAILER_BYTES);
  if (trailer.readUInt32LE(0) !== checksum || trailer.readUInt32LE(4) !== length) throw new Failure('Z_DATA_ERROR');
}

function sendPart(chunk: Buffer, done: number): void {
  const bytes = new Uint8Array(chunk);
  send({ kind: 'part', bytes, done }, [bytes.buffer]);
  for (let taken = Atomics.load(shared, SHARED_WORD.TAKEN); sent - taken >= MOST_AHEAD; ) {
    Atomics.wait(shared, SHARED_WORD.TAKEN, taken);
    taken = Atomics.load(shared, SHARED_WORD.TAKEN);
  }
}

function send(message: Unpacked, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, [...transfer]);
  Atomics.store(shared, SHARED_WORD.SENT, ++sent);
  Atomics.notify(shared, SHARED_WORD.SENT);
}

try {
  const packed = new Packed(path);
  for (let isFirst = true; skipHeader(packed, isFirst); isFirst = false) await unpackMember(packed);
  send({ kind: 'end' });
} catch (error) {
  send({ kind: 'failed', code: error instanceof Error && 'code' in error ? String(error.code) : 'unknown' });
}
