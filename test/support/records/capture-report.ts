// The report of a capture that an agent makes meanwhile.

import { statSync } from 'node:fs';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { type Report, reportOf } from '../../../host/captures/report/report.ts';

/** Undefined until the file is complete. */
export function completeReport(path: string): Report | undefined {
  // The thread that writes it makes the folder, then the file, then its head.
  if (!statSync(path, { throwIfNoEntry: false })?.size) return undefined;
  const notes = readNotes(path);
  const report = reportOf(path, notes);
  return report.damage.length === 0 ? report : undefined;
}
