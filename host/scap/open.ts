// A file to replay: a recording, or a savefile of libs.

import { closeSync, openSync, readSync } from 'node:fs';
import { RecordingFile, refusePipe } from '../recording/byte-source.ts';
import { RecordingReader } from '../recording/reader.ts';
import type { RecordingSource } from '../recording/source.ts';
import { type ReadProgress, ScapFile } from './format/byte-stream.ts';
import { ScapReader } from './read/reader.ts';

export interface OpenedRecording extends Disposable {
  readonly source: RecordingSource;
  /** How much of the file was read. */
  readonly progress: ReadProgress;
}

/** What savefiles begin with, as they are or packed by gzip. */
const SCAP_BEGINNINGS = [Buffer.of(0x0a, 0x0d, 0x0d, 0x0a), Buffer.of(0x1f, 0x8b)];
const LONGEST_BEGINNING = 4;

/** Opens a recording, whose format its first bytes show. Throws RecordingError, ScapError, or the errors of open(). */
export function openRecording(path: string): OpenedRecording {
  refusePipe(path);
  return isScap(path) ? openScap(path) : openOwn(path);
}

function isScap(path: string): boolean {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(LONGEST_BEGINNING);
    const length = readSync(descriptor, bytes, 0, bytes.length, 0);
    return SCAP_BEGINNINGS.some((one) => one.length <= length && one.equals(bytes.subarray(0, one.length)));
  } finally {
    closeSync(descriptor);
  }
}

function openScap(path: string): OpenedRecording {
  const file = new ScapFile(path);
  try {
    const source = new ScapReader(file.stream);
    return {
      source,
      get progress() {
        return file.progress;
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

function openOwn(path: string): OpenedRecording {
  const file = new RecordingFile(path);
  try {
    const source = new RecordingReader(file);
    return {
      source,
      get progress() {
        return { size: file.size, done: source.position };
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}
