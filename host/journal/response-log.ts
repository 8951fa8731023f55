// What was done about alerts, kept beside what happened: a line of JSON for each response, the latest of them within a bound of size.

import { constants } from 'node:fs';
import { appendFile, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { number, object, optional, type Shape, text, type ValueOf } from '../diagnostics/json-shape.ts';

/** ms since the epoch that Date has. */
const time: Shape<number> = (json) =>
  Number.isNaN(new Date(number(json) ?? Number.NaN).getTime()) ? undefined : number(json);

/** One response to an alert. */
const RESPONSE = object({
  /** When it had ended, in ms since the epoch. */
  time,
  rule: text,
  /** Its name. */
  response: text,
  action: text,
  /** done, observed, failed, or why it was refused. */
  outcome: text,
  /** What was done, to what and how long it took, or why not: as the alert has it. */
  text,
  pid: optional(number),
  /** Full id; empty on the host. */
  container: optional(text),
  /** `namespace/name`. */
  pod: optional(text),
});

export type ResponseRecord = Readonly<ValueOf<typeof RESPONSE>>;

/** The file, and the one before it. */
const NAMES = ['responses.jsonl', 'responses.1.jsonl'] as const;
const MOST_BYTES = 4 << 20;
/** Never through a link. */
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
/** That wait for the disk. */
const MOST_WAITING = 10_000;

export class ResponseLog {
  readonly #folder: string;
  readonly #onFailure: (error: unknown) => void;
  readonly #mostBytes: number;
  #waiting: ResponseRecord[] = [];
  #writing: Promise<void> | undefined;

  /** @param onFailure called for each write that fails: its records are missing then */
  constructor(folder: string, onFailure: (error: unknown) => void, mostBytes = MOST_BYTES) {
    this.#folder = folder;
    this.#onFailure = onFailure;
    this.#mostBytes = mostBytes;
  }

  /** Nobody waits for it. */
  add(record: ResponseRecord): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(record);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all is written. Never rejects. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const records = this.#waiting;
      this.#waiting = [];
      const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      try {
        await this.#append(text);
      } catch (error) {
        this.#onFailure(error);
      }
    }
  }

  async #append(text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const [path, before] = NAMES.map((name) => join(this.#folder, name)) as [string, string];
    const size = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    if (size > 0 && size + text.length > this.#mostBytes) await rename(path, before);
    await appendFile(path, text, { mode: 0o600, flag: APPENDING });
  }
}

/** The records of a journal's folder, oldest first; none if there are none. A line that was written by half is left out. */
export async function readResponseLog(folder: string): Promise<ResponseRecord[]> {
  const texts = NAMES.toReversed().map((name) => readFile(join(folder, name), 'utf8').catch(ignoreMissing));
  return (await Promise.all(texts)).flatMap((text) => text.split('\n').flatMap(recordIn));
}

function recordIn(line: string): ResponseRecord[] {
  try {
    const record = RESPONSE(JSON.parse(line));
    return record ? [record] : [];
  } catch {
    return [];
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
