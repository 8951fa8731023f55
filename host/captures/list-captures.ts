// The captures of a folder, each with what a list shows of it.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere } from '../recording/byte-source.ts';
import { RecordingError } from '../recording/format.ts';
import { NO_CAPTURE, whyNoAlert } from './notes/capture-notes.ts';
import { type CaptureSummary, readSummary } from './notes/read-notes.ts';
import { SUFFIX } from './writer/make-room.ts';

export interface ListedCapture {
  readonly path: string;
  readonly bytes: number;
  readonly summary: CaptureSummary;
}

/** Files that are named like captures, in the order of their names, which is that of time. Throws the errors of readdir(). */
export function captureFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Reads the files that are captures. Whole recordings without alerts and other files are passed over.
 * @param onDamaged called for a file that can't be read, or has no alert because of damage, with the reason
 */
export function readCaptures(
  paths: readonly string[],
  onDamaged: (path: string, reason: string) => void,
): ListedCapture[] {
  return paths.flatMap((path) => {
    try {
      // A running agent removes the oldest; and a pipe that nobody writes to would block.
      const stats = statSync(path, { throwIfNoEntry: false });
      const summary = stats?.isFile() ? ifThere(() => readSummary(path)) : undefined;
      if (!stats || !summary) return [];
      const lack = whyNoAlert(summary);
      if (lack === undefined) return [{ path, bytes: stats.size, summary }];
      if (lack !== NO_CAPTURE) onDamaged(path, lack);
      return [];
    } catch (error) {
      if (!(error instanceof RecordingError && error.code === 'RECORDING_NONE'))
        onDamaged(path, error instanceof Error ? error.message : String(error));
      return [];
    }
  });
}
