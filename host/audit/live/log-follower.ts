// Follows an audit log: reads what is appended to it, over rotation by rename and by truncation. What it reads is evaluated before it reads on.

import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { FollowedFile } from '../../agent/sources/other-source.ts';
import { LONGEST_LINE } from '../events/log-lines.ts';

const CHUNK = 1024 * 1024;
const NEWLINE = 0x0a;
/** How often it looks for more. */
const INTERVAL_MS = 250;
/** Who writes to a file may do so for a while after it was renamed. */
const LINGER_MS = 1_000;
/** During a rotation there is no file for a moment; without one for longer, nothing is received. */
const MISSING_MS = 10_000;
/** How long it reads on at a stop: a log may grow as fast as it is read. */
const STOP_MS = 2_000;
/** So many of the bytes that were read last must still be there; else the file was emptied and written again. */
const REMEMBERED_BYTES = 256;

export interface FollowerOptions {
  readonly path: string;
  /** Resolves when the lines are evaluated; each has its end. Never rejects. */
  readonly take: (lines: Uint8Array) => Promise<void>;
  /** A line was longer than LONGEST_LINE. */
  readonly onTooLong: () => void;
  /** The file was emptied: what was written to it since the last look is lost. */
  readonly onTruncated?: () => void;
  /** Called with a message for people, once for each change. */
  readonly onTrouble: (message: string) => void;
  readonly intervalMs?: number;
  readonly lingerMs?: number;
  readonly stopMs?: number;
  readonly missingMs?: number;
}

interface OpenLog {
  readonly file: FileHandle;
  readonly device: number;
  readonly inode: number;
}

export class LogFollower {
  readonly #options: FollowerOptions;
  readonly #buffer = Buffer.alloc(REMEMBERED_BYTES + CHUNK);
  #log: OpenLog | undefined;
  #at = 0;
  /** What was read last, up to #at. */
  #last: Uint8Array = new Uint8Array(0);
  /** The begin of a line whose end has not come. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  /** When it was first seen to have lost its name: a time of performance.now(). */
  #renamedAt: number | undefined;
  /** Since when there is no file: a time of performance.now(). */
  #missingSince: number | undefined;
  #bytes = 0;
  #rotations = 0;
  #truncations = 0;
  #failure: string | undefined;
  #stopped = false;
  /** When it stops reading: a time of performance.now(). */
  #readsUntil = Number.POSITIVE_INFINITY;
  #underWay: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Begins at the end of the file, if there is one. A later one is read from its beginning. */
  async start(): Promise<void> {
    await this.#guarded(async () => {
      await this.#open();
      if (!this.#log) return;
      this.#at = (await this.#log.file.stat()).size;
      await this.#rememberEnd(this.#log.file);
    });
    this.#schedule();
  }

  get summary(): FollowedFile {
    return {
      path: this.#options.path,
      isOpen: this.#log !== undefined,
      bytes: this.#bytes,
      rotations: this.#rotations,
      truncations: this.#truncations,
    };
  }

  /** Why it can't be read. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Reads what is there, within a time limit, and closes it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#readsUntil = performance.now() + (this.#options.stopMs ?? STOP_MS);
    clearTimeout(this.#timer);
    await this.#underWay;
    await this.#guarded(async () => {
      if (!this.#log) return;
      await this.#readOn(this.#log);
      const left = (await this.#log.file.stat()).size - this.#at;
      if (left > 0) this.#options.onTrouble(`${left} bytes of ${this.#options.path} were not read before the stop`);
    });
    await this.#close();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#underWay = this.#look();
      void this.#underWay.then(() => this.#schedule());
    }, this.#options.intervalMs ?? INTERVAL_MS);
  }

  #look(): Promise<void> {
    return this.#guarded(async () => {
      if (!this.#log) await this.#open();
      const log = this.#log;
      if (!log) return;
      await this.#readOn(log);
      if (await this.#hasItsName(log)) {
        this.#renamedAt = undefined;
        return;
      }
      this.#renamedAt ??= performance.now();
      if (performance.now() - this.#renamedAt < (this.#options.lingerMs ?? LINGER_MS)) return;
      this.#renamedAt = undefined;
      await this.#readOn(log);
      await this.#flush();
      await this.#close();
      this.#rotations++;
      await this.#open();
      if (this.#log) await this.#readOn(this.#log);
    });
  }

  async #guarded(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#failure = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#failure) this.#options.onTrouble(`can't follow ${this.#options.path}: ${reason}`);
      this.#failure = reason;
    }
  }

  /** Without a file of that name it stays closed. Throws if that lasts. */
  async #open(): Promise<void> {
    let file: FileHandle;
    try {
      // A pipe in its place must not block.
      file = await open(this.#options.path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      this.#missingSince ??= performance.now();
      if (performance.now() - this.#missingSince < (this.#options.missingMs ?? MISSING_MS)) return;
      throw new Error('there is no such file');
    }
    this.#missingSince = undefined;
    const found = await file.stat();
    if (!found.isFile()) {
      await file.close();
      throw new Error('it is not a regular file');
    }
    this.#log = { file, device: found.dev, inode: found.ino };
    this.#at = 0;
    this.#last = new Uint8Array(0);
  }

  async #close(): Promise<void> {
    const log = this.#log;
    this.#log = undefined;
    await log?.file.close();
  }

  async #hasItsName({ device, inode }: OpenLog): Promise<boolean> {
    try {
      const { dev, ino } = await stat(this.#options.path);
      return dev === device && ino === inode;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    }
  }

  async #readOn({ file }: OpenLog): Promise<void> {
    while (performance.now() < this.#readsUntil) {
      const before = this.#last.length;
      const { bytesRead } = await file.read(this.#buffer, 0, before + CHUNK, this.#at - before);
      const isSame = bytesRead >= before && this.#buffer.subarray(0, before).equals(this.#last);
      if (!isSame) {
        await this.#flush();
        this.#truncations++;
        this.#options.onTruncated?.();
        this.#at = 0;
        this.#last = new Uint8Array(0);
        continue;
      }
      if (bytesRead === before) return;
      const chunk = this.#buffer.subarray(before, bytesRead);
      this.#at += chunk.length;
      this.#bytes += chunk.length;
      this.#last = new Uint8Array(this.#buffer.subarray(Math.max(0, bytesRead - REMEMBERED_BYTES), bytesRead));
      await this.#takeChunk(chunk);
    }
  }

  async #rememberEnd(file: FileHandle): Promise<void> {
    const size = Math.min(this.#at, REMEMBERED_BYTES);
    const last = new Uint8Array(size);
    const { bytesRead } = await file.read(last, 0, size, this.#at - size);
    this.#last = last.subarray(0, bytesRead);
    // The line that is being written now was not seen from its begin.
    if (bytesRead > 0 && last[bytesRead - 1] !== NEWLINE) this.#skipLine();
  }

  #skipLine(): void {
    this.#begunBytes = Number.POSITIVE_INFINITY;
  }

  async #takeChunk(chunk: Uint8Array): Promise<void> {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#begin(chunk);
      return;
    }
    const first = chunk.indexOf(NEWLINE) + 1;
    this.#begin(chunk.subarray(0, first));
    await this.#flush();
    if (end > first) await this.#options.take(new Uint8Array(chunk.subarray(first, end)));
    this.#begin(chunk.subarray(end));
  }

  /** Keeps a part of a line. Of one that is too long only the length is kept. */
  #begin(part: Uint8Array): void {
    this.#begunBytes += part.length;
    if (this.#begunBytes > LONGEST_LINE) this.#begun = [];
    else if (part.length > 0) this.#begun.push(new Uint8Array(part));
  }

  /** Evaluates what is kept as a line, whole or not. */
  async #flush(): Promise<void> {
    const [begun, size] = [this.#begun, this.#begunBytes];
    this.#begun = [];
    this.#begunBytes = 0;
    if (size === 0) return;
    if (size <= LONGEST_LINE) await this.#options.take(Buffer.concat(begun));
    else if (Number.isFinite(size)) this.#options.onTooLong();
  }
}
