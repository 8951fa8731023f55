// Writes recordings as one savefile, packed by gzip. Each recording is a savefile of its own in it: a reader begins anew at each section.

import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { EventMemory } from '../../fields/memory.ts';
import { ContainerRecord } from '../../fields/record.ts';
import { ifThere, RecordingFile } from '../../recording/byte-source.ts';
import type { RecordingFacts } from '../../recording/format.ts';
import { RecordingReader } from '../../recording/reader.ts';
import type { ExportedItem } from './exporter.ts';
import { ScapExporter } from './exporter.ts';

/** A recording that is read item by item. */
export interface ExportedHistory extends Disposable {
  readonly facts: RecordingFacts;
  readonly progress: { readonly size: number; readonly done: number };
  items(): Iterable<ExportedItem>;
}

export interface ExportOptions {
  readonly open: (path: string) => ExportedHistory;
  /** @param share of the work, 0 to 1 */
  readonly onProgress?: (share: number, events: number) => void;
  /** Called for a recording that is gone meanwhile. */
  readonly onRemoved?: (path: string) => void;
  readonly signal?: AbortSignal;
  /** `new`: fails if the file is there. Default: it is written over. */
  readonly how?: 'new' | 'over';
}

/** Events that were written. Throws the errors of reading and writing. */
export async function exportFiles(paths: readonly string[], to: string, options: ExportOptions): Promise<number> {
  const written = { events: 0 };
  const source = Readable.from(bytesOf(paths, options, written), { objectMode: false });
  // A recording shows what happened on its machine: only the owner can read it.
  const file = createWriteStream(to, { mode: 0o600, flags: options.how === 'new' ? 'wx' : 'w' });
  await pipeline(source, createGzip(), file, ...(options.signal ? [{ signal: options.signal }] : []));
  return written.events;
}

function* bytesOf(
  paths: readonly string[],
  { open, onProgress, onRemoved }: ExportOptions,
  written: { events: number },
): Generator<Uint8Array> {
  for (const [index, path] of paths.entries()) {
    using history = ifThere(() => open(path));
    const containers = ifThere(() => containersOf(path));
    if (!history || !containers) {
      onRemoved?.(path);
      continue;
    }
    const exporter = new ScapExporter({ facts: history.facts, containers });
    const before = written.events;
    for (const bytes of exporter.bytes(history.items())) {
      written.events = before + exporter.events;
      const { size, done } = history.progress;
      onProgress?.((index + done / Math.max(size, 1)) / paths.length, written.events);
      if (bytes.length > 0) yield bytes;
    }
    written.events = before + exporter.events;
  }
}

/** What is known of the containers of a recording, at its end: readers of savefiles take it from events before all others. */
function containersOf(path: string): ContainerRecord[] {
  using file = new RecordingFile(path);
  const containers = new Map<string, ContainerRecord>();
  for (const { entries } of new RecordingReader(file).payloads()) {
    for (const entry of entries) {
      if (entry.kind !== 'container') continue;
      // An entry at address 0 would be none.
      const copy = new Uint8Array(ADDRESS + entry.entry.length);
      copy.set(entry.entry, ADDRESS);
      const record = ContainerRecord.at(new EventMemory(copy.buffer), ADDRESS);
      if (record && !record.isHost && !record.isFailed) containers.set(entry.id, record);
    }
  }
  return [...containers.values()];
}

const ADDRESS = 8;
