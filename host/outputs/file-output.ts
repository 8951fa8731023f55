// Alerts in a file.

import { openSync } from 'node:fs';
import { alertLine } from './alert.ts';
import { FILE_MODE, FileWriter, type FileWriterOptions, OPEN_FLAGS } from './file-writer.ts';
import type { LineOutputOptions } from './line-output.ts';
import type { Output } from './output.ts';

export type FileOutputOptions = LineOutputOptions & Partial<Omit<FileWriterOptions, 'capacity' | 'onError'>>;

const DEFAULTS = { keepOpen: true, mostBytes: 0, keptFiles: 1 };

/** Appends to the file, which is created if missing, readable only by its owner. Throws the errors of open(). */
export function fileOutput(path: string, options: FileOutputOptions): Output {
  const writer = new FileWriter(path, openSync(path, OPEN_FLAGS, FILE_MODE), { ...DEFAULTS, ...options });
  return {
    name: 'file',
    write: (alert) => writer.push(Buffer.from(`${alertLine(alert, options)}\n`)),
    reopen: () => writer.reopen(),
    drained: () => writer.drained(),
    close: (timeoutMs) => writer.close(timeoutMs),
    get counters() {
      return writer.counters;
    },
  };
}
