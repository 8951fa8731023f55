// The ledger on disk: one file, replaced whole, with a checksum. What is written survives the end of the agent and of the machine at any moment.

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asArray, asText, at, isObject, type JsonObject } from '../../diagnostics/json-value.ts';
import { type Act, type LedgerEntry, PHASES } from '../ledger-entry.ts';
import { ACTION_KINDS } from '../settings.ts';

export interface LedgerContent {
  readonly entries: readonly LedgerEntry[];
  readonly acts: readonly Act[];
  /** Boot of the machine that the times of acts are of. */
  readonly boot: string;
}

/** The file is not what was written. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code = 'RESPONSES_LEDGER';
}

const HEADER = 'wasprey responses 1';
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Rejects with LedgerError, or with the system's error; a missing file is an empty ledger. */
export async function readLedger(path: string): Promise<LedgerContent> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isObject(error) && error.code === 'ENOENT') return { entries: [], acts: [], boot: '' };
    throw error;
  }
  const [header = '', body = ''] = text.split('\n');
  if (header !== `${HEADER} ${digest(body)}`) throw new LedgerError(`${path} is damaged: its checksum is wrong`);
  const content: unknown = JSON.parse(body);
  return {
    entries: asArray(at(content, 'entries')).map((entry) => entryOf(path, entry)),
    acts: asArray(at(content, 'acts')).map((act) => ({
      time: Number(at(act, 'time')),
      container: asText(at(act, 'container')) ?? '',
    })),
    boot: asText(at(content, 'boot')) ?? '',
  };
}

/** Resolves when it is on disk. Calls must not overlap. */
export async function writeLedger(path: string, content: LedgerContent): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const body = JSON.stringify(content);
  const next = `${path}.new`;
  {
    await using file = await open(next, 'w', FILE_MODE);
    await file.writeFile(`${HEADER} ${digest(body)}\n${body}\n`);
    await file.sync();
  }
  await rename(next, path);
  await using opened = await open(folder);
  await opened.sync();
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function entryOf(path: string, value: unknown): LedgerEntry {
  const entry: JsonObject = isObject(value) ? value : {};
  const action = ACTION_KINDS.find((kind) => kind === entry.action);
  const phase = PHASES.find((name) => name === entry.phase);
  if (!action || !phase || !isObject(entry.kept))
    throw new LedgerError(`${path} was written by another version of Wasprey`);
  const text = (name: string): string => asText(entry[name]) ?? '';
  return {
    id: text('id'),
    action,
    phase,
    response: text('response'),
    container: text('container'),
    containerName: text('containerName'),
    pod: text('pod'),
    time: Number(entry.time),
    ...(typeof entry.undoAt === 'number' && { undoAt: entry.undoAt }),
    ...(typeof entry.undoAtUptime === 'number' && { undoAtUptime: entry.undoAtUptime }),
    ...(typeof entry.turn === 'string' && { turn: entry.turn }),
    ...(typeof entry.rails === 'string' && { rails: entry.rails }),
    boot: text('boot'),
    kept: entry.kept,
  };
}
