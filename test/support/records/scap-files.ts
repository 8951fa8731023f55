// Savefiles for tests: recordings that were exported, and savefiles as readers of bytes.

import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { History } from '../../../host/journal/event-views.ts';
import { PartStream, type Parts } from '../../../host/scap/format/byte-stream.ts';
import { ScapReader } from '../../../host/scap/read/reader.ts';
import { exportFiles } from '../../../host/scap/write/export-files.ts';
import { Folder } from './recordings.ts';

/** Writes a recording as a savefile. @returns how many events it has */
export async function exportRecording(path: string, to: string): Promise<number> {
  return await exportFiles([path], to, {
    open: (each) => {
      const history = new History(each);
      return {
        facts: history.facts,
        progress: history.progress,
        items: () => history.items({ processes: true }),
        [Symbol.dispose]: () => history[Symbol.dispose](),
      };
    },
  });
}

/** The savefile of a recording's bytes, unpacked. */
export async function exportedBytes(recording: Uint8Array): Promise<Buffer> {
  using folder = new Folder();
  const [from, to] = [folder.file('recording.wsp'), folder.file('recording.scap')];
  writeFileSync(from, recording);
  await exportRecording(from, to);
  return gunzipSync(readFileSync(to));
}

/** Reads the bytes of a savefile that is not packed, a few at a time. */
export function scapReader(bytes: Uint8Array): ScapReader {
  return new ScapReader(new PartStream(partsOf(bytes)));
}

const PART_BYTES = 1000;

function partsOf(bytes: Uint8Array): Parts {
  let at = 0;
  return {
    next() {
      const part = bytes.subarray(at, at + PART_BYTES);
      at += part.length;
      return part.length === 0 ? undefined : part;
    },
  };
}
