// A log beside what happened, in the folder of the journal: a line of JSON for each entry, the latest of them within a bound of size.

import { constants } from 'node:fs';
import { appendFile, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Shape } from '../diagnostics/json-shape.ts';

const MOST_BYTES = 4 << 20;
/** Never through a link. */
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

export class JsonLog<Entry extends object> {
  readonly #folder: string;
  readonly #name: string;
  readonly #onFailure: (error: unknown) => void;
  readonly #mostBytes: number;
  /** Lines that wait for the disk, which may be slow. */
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** The file may end within a line: a disk was full, or a machine lost its power. */
  #mayBeCut = true;
  #writing: Promise<void> | undefined;
  #lost = 0;
  #cutUntil = 0;

  /**
   * @param name of its file, and of the one before it (jsonLogPaths())
   * @param onFailure called for each write that fails: its entries are missing then
   */
  constructor(folder: string, name: string, onFailure: (error: unknown) => void, mostBytes = MOST_BYTES) {
    this.#folder = folder;
    this.#name = name;
    this.#onFailure = onFailure;
    this.#mostBytes = mostBytes;
  }

  /** How often entries were left out, or could not be written. */
  get lost(): number {
    return this.#lost;
  }

  /** Entries of before were removed, as far as this process knows: ms since the epoch. */
  get cutUntil(): number {
    return this.#cutUntil;
  }

  /** Nobody waits for it. Left out if more wait for the disk than the file may have. */
  add(entry: Entry): void {
    const line = `${JSON.stringify(entry)}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.#waitingBytes + bytes < this.#mostBytes) {
      this.#waiting.push(line);
      this.#waitingBytes += bytes;
    } else {
      this.#lost++;
    }
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all is written. Never rejects. */
  async close(): Promise<void> {
    await this.#writing;
  }

  /** Has what is written outlive a loss of power. Rejects if it can't. */
  async sync(): Promise<void> {
    const [, path] = jsonLogPaths(this.#folder, this.#name);
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join('');
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#append(text);
        this.#mayBeCut = false;
      } catch (error) {
        this.#mayBeCut = true;
        this.#lost++;
        this.#onFailure(error);
      }
    }
  }

  async #append(text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const [before, path] = jsonLogPaths(this.#folder, this.#name);
    const { size } = await sizeOf(path);
    const isFull = size > 0 && size + Buffer.byteLength(text) >= this.#mostBytes;
    if (isFull) {
      this.#cutUntil = Math.max(this.#cutUntil, (await sizeOf(before)).changed);
      await rename(path, before);
    }
    // A line that was written by half must not spoil the next one.
    const end = this.#mayBeCut && size > 0 && !isFull ? '\n' : '';
    await appendFile(path, `${end}${text}`, { mode: 0o600, flag: APPENDING });
  }
}

/** Zeros for a file that is not there. `changed` is in ms since the epoch. */
async function sizeOf(path: string): Promise<{ readonly size: number; readonly changed: number }> {
  const found = await stat(path).catch(() => undefined);
  return { size: found?.size ?? 0, changed: found?.mtimeMs ?? 0 };
}

/** The files of a log: that of before, which may be missing, and the one that is written. */
export function jsonLogPaths(folder: string, name: string): readonly [before: string, path: string] {
  return [join(folder, `${name}.1.jsonl`), join(folder, `${name}.jsonl`)];
}

/** The entries of a log that have that shape, oldest first. An incomplete line is left out. */
export async function readJsonLog<Entry>(folder: string, name: string, shape: Shape<Entry>): Promise<Entry[]> {
  const texts = jsonLogPaths(folder, name).map((path) => readFile(path, 'utf8').catch(ignoreMissing));
  return (await Promise.all(texts)).flatMap((text) => text.split('\n').flatMap((line) => entryIn(line, shape)));
}

function entryIn<Entry>(line: string, shape: Shape<Entry>): Entry[] {
  try {
    const entry = shape(JSON.parse(line));
    return entry === undefined ? [] : [entry];
  } catch {
    return [];
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
