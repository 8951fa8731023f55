// The bytes of a savefile in order, unpacked. gzip is unpacked by a thread of its own, a part at a time, since what reads is synchronous and
// a file may be larger than memory.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { entryFile } from '../../setup/entries.mjs';
import { ScapError } from './error.ts';

export interface ByteStream {
  /** Offset of the next byte, unpacked. */
  readonly position: number;
  /** The next bytes, fewer at the end. Valid until the next call. @throws {ScapError} once what is whole was read */
  read(length: number): Uint8Array;
  /** Passes over so many bytes. @returns how many there were; fewer at the end @throws {ScapError} as read() */
  skip(length: number): number;
}

/** A file or bytes: how much of it has been read, as stored. */
export interface ReadProgress {
  readonly size: number;
  readonly done: number;
}

/** A source here, JavaScript in a package. */

const PART_BYTES = 1 << 20;
const GZIP = [0x1f, 0x8b];

/** Where parts come from, in order; undefined at the end. */
export interface Parts {
  next(): Uint8Array | undefined;
}

/** Cuts parts into what is asked for. */
export class PartStream implements ByteStream {
  readonly #parts: Parts;
  #part: Uint8Array = new Uint8Array(0);
  position = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  read(length: number): Uint8Array {
    if (this.#part.length >= length) return this.#cut(length);
    const pieces = [this.#part];
    let have = this.#part.length;
    this.#part = new Uint8Array(0);
    while (have < length) {
      const part = this.#parts.next();
      if (!part) break;
      pieces.push(part);
      have += part.length;
    }
    this.#part = pieces.length === 1 ? (pieces[0] ?? this.#part) : Buffer.concat(pieces);
    return this.#cut(Math.min(length, have));
  }

  skip(length: number): number {
    let skipped = 0;
    while (skipped < length) {
      if (this.#part.length === 0) this.#part = this.#parts.next() ?? this.#part;
      if (this.#part.length === 0) break;
      skipped += this.#cut(Math.min(length - skipped, this.#part.length)).length;
    }
    return skipped;
  }

  #cut(length: number): Uint8Array {
    // Not a Buffer: its slice() copies nothing, and what a reader keeps of a part would keep all of it.
    const bytes = new Uint8Array(this.#part.buffer, this.#part.byteOffset, length);
    this.#part = this.#part.subarray(length);
    this.position += length;
    return bytes;
  }
}

/** A savefile, plain or of gzip. */
export class ScapFile implements Disposable {
  readonly #descriptor: number;
  readonly stream: ByteStream;
  readonly #size: number;
  #done = 0;
  #unpacking: Unpacking | undefined;

  /** Throws the errors of open(). */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
    this.#size = fstatSync(this.#descriptor).size;
    const begin = Buffer.alloc(2);
    const length = readSync(this.#descriptor, begin, 0, 2, 0);
    if (length === 2 && GZIP.every((byte, index) => begin[index] === byte)) this.#unpacking = new Unpacking(path);
    this.stream = new PartStream(this.#unpacking ?? { next: () => this.#plain() });
  }

  get progress(): ReadProgress {
    return { size: this.#size, done: this.#unpacking?.done ?? this.#done };
  }

  #plain(): Uint8Array | undefined {
    const part = Buffer.alloc(PART_BYTES);
    const length = readSync(this.#descriptor, part, 0, part.length, this.#done);
    this.#done += length;
    return length === 0 ? undefined : part.subarray(0, length);
  }

  [Symbol.dispose](): void {
    this.#unpacking?.[Symbol.dispose]();
    closeSync(this.#descriptor);
  }
}

/** What the thread sends. `done`: bytes of the file that it has read. */
export type Unpacked =
  | { readonly kind: 'part'; readonly bytes: Uint8Array<ArrayBuffer>; readonly done: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly code: string };

/** Words that both threads share: parts sent so far, and parts taken so far. */
export const SHARED_WORD = { SENT: 0, TAKEN: 1 } as const;

export interface UnpackingStart {
  readonly path: string;
  readonly port: MessagePort;
  readonly shared: Int32Array<SharedArrayBuffer>;
}

/** The thread, from the one that reads. */
class Unpacking implements Parts, Disposable {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8));
  readonly #port: MessagePort;
  readonly #worker: Worker;
  #taken = 0;
  #ended = false;
  done = 0;

  constructor(path: string) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1 as unknown as MessagePort;
    const start = { path, port: port2, shared: this.#shared };
    this.#worker = new Worker(entryFile('unpacking'), {
      workerData: start,
      transferList: [port2 as unknown as MessagePort],
    });
    this.#worker.unref();
  }

  next(): Uint8Array | undefined {
    if (this.#ended) return undefined;
    Atomics.wait(this.#shared, SHARED_WORD.SENT, this.#taken);
    const message: Unpacked | undefined = receiveMessageOnPort(this.#port)?.message;
    if (!message) throw new Error('the thread that unpacks has sent nothing');
    Atomics.store(this.#shared, SHARED_WORD.TAKEN, ++this.#taken);
    Atomics.notify(this.#shared, SHARED_WORD.TAKEN);
    if (message.kind === 'part') {
      this.done = message.done;
      return message.bytes;
    }
    this.#ended = true;
    if (message.kind === 'failed') throw gzipError(message.code);
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}

/** @param code of zlib or the system */
function gzipError(code: string): ScapError {
  if (code === 'Z_BUF_ERROR') return new ScapError('SCAP_CUT_OFF', "the file ends within gzip's data");
  if (code.startsWith('Z_')) return new ScapError('SCAP_GZIP', "gzip's data or its checksum is wrong");
  return new ScapError('SCAP_GZIP', `it can't be read: ${code}`);
}
