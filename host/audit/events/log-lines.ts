// Reads an audit log line by line. Its lines are written by an API server, but what clients sent is in them: each is of bounded length.

import { closeSync, openSync, readSync } from 'node:fs';

/** A batch that an API server sends is no longer. */
export const LONGEST_LINE = 12 * 1024 * 1024;
const CHUNK = 1024 * 1024;
const NEWLINE = 0x0a;

export interface LogLine {
  /** From 1. */
  readonly number: number;
  /** Valid until the next line is read. Undefined: it is too long. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * The lines of a file that are not blank, the last one also without an end. A file that is one JSON value over several lines is a single line here.
 * @throws system errors
 */
export function* logLines(path: string): Generator<LogLine> {
  const whole = wholeDocument(path);
  if (whole) {
    yield { number: 1, bytes: whole };
    return;
  }
  let number = 0;
  let pending: Uint8Array[] = [];
  let length = 0;
  const line = (): LogLine => {
    const bytes = length > LONGEST_LINE ? undefined : Buffer.concat(pending);
    pending = [];
    length = 0;
    return { number, bytes };
  };
  for (const chunk of chunksOf(path)) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      number++;
      if (length === 0) {
        const bytes = chunk.subarray(from, end);
        if (!isBlank(bytes)) yield { number, bytes };
      } else {
        length += end - from;
        if (length <= LONGEST_LINE) pending.push(chunk.subarray(from, end));
        yield line();
      }
      from = end + 1;
    }
    if (from === chunk.length) continue;
    length += chunk.length - from;
    // If the line is longer, only its length is kept.
    if (length <= LONGEST_LINE) pending.push(chunk.slice(from));
  }
  number++;
  if (length > LONGEST_LINE || pending.some((bytes) => !isBlank(bytes))) yield line();
}

/** The bytes of a file that begins with a line which has nothing but the opening of a JSON value: it is written over several lines. */
function wholeDocument(path: string): Uint8Array | undefined {
  const [first] = chunksOf(path);
  if (!first || !/^\s*[[{][ \t\r]*\n/.test(Buffer.from(first.subarray(0, 1024)).toString('latin1'))) return undefined;
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const chunk of chunksOf(path)) {
    length += chunk.length;
    if (length > LONGEST_LINE) return undefined;
    parts.push(chunk.slice());
  }
  return Buffer.concat(parts);
}

/** Each is overwritten by the next. */
function* chunksOf(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    // Not a Buffer: its slice() copies nothing, and what is kept of a chunk would change with the next.
    const buffer = new Uint8Array(CHUNK);
    for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) yield buffer.subarray(0, size);
  } finally {
    closeSync(file);
  }
}

export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** Whether a file holds JSON and is not a recording: by its first byte that is not blank. */
export function isJsonFile(path: string): boolean {
  for (const chunk of chunksOf(path)) {
    const first = chunk.find((byte) => byte > 0x20);
    return first === 0x7b || first === 0x5b;
  }
  return false;
}
