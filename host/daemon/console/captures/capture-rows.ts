// The captures of the agent's folder, as the page lists them.

import { basename } from 'node:path';
import { captureFiles, type ListedCapture, readCaptures } from '../../../captures/list-captures.ts';
import type { CaptureRow, ShownCaptures } from './messages.ts';

/** Each takes some reads of its file. */
const MOST_ROWS = 300;
const LONGEST_TEXT = 300;

export interface CapturesQuestion {
  readonly kind: 'captures';
  readonly folder: string;
  readonly isOn: boolean;
}

export function shownCaptures({ folder, isOn }: CapturesQuestion): ShownCaptures {
  const files = filesIn(folder);
  const damaged: { name: string; reason: string }[] = [];
  const found = readCaptures(files.slice(-MOST_ROWS), (path, reason) => damaged.push({ name: basename(path), reason }));
  const captures = found.map(rowOf).sort((one, other) => other.time - one.time);
  return { kind: 'captures', folder, isOn, captures, older: Math.max(0, files.length - MOST_ROWS), damaged };
}

/** A folder that nothing was captured into is not made. */
function filesIn(folder: string): string[] {
  try {
    return captureFiles(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function rowOf({ path, bytes, summary: { alerts } }: ListedCapture): CaptureRow {
  const [first] = alerts;
  return {
    name: basename(path),
    bytes,
    time: Number(first?.time ?? 0n) / 1e6,
    rule: (first?.rule ?? '').slice(0, LONGEST_TEXT),
    priority: (first?.priority ?? '').slice(0, LONGEST_TEXT),
    container: (first?.container ?? '').slice(0, LONGEST_TEXT),
    pid: first?.pid ?? 0,
    alerts: alerts.length,
  };
}
