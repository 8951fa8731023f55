// What is in force, over the control socket.

import type { LedgerEntry } from '../../responses/ledger-entry.ts';
import { UndoError } from '../../responses/performing/active-responses.ts';

/** Who keeps it. */
export interface InForceHost {
  list(): Promise<readonly LedgerEntry[]>;
  /** Rejects with UndoError. */
  undo(id: string): Promise<LedgerEntry>;
}

export interface InForceAnswer {
  readonly entries: readonly LedgerEntry[];
}

export interface UndoAnswer {
  readonly undone?: LedgerEntry;
  /** Why it is not. */
  readonly error?: string;
}

const UNDO = /^POST \/responses\/([0-9a-f]{1,16})\/undo$/;

/** Undefined for another request. @param asked method and path */
export async function answerOfResponses(
  asked: string,
  host: InForceHost | undefined,
): Promise<InForceAnswer | UndoAnswer | undefined> {
  if (asked === 'GET /responses') return { entries: (await host?.list()) ?? [] };
  const [, id] = UNDO.exec(asked) ?? [];
  if (id === undefined) return undefined;
  if (!host) return { error: `${id} is not in force` };
  try {
    return { undone: await host.undo(id) };
  } catch (error) {
    if (!(error instanceof UndoError)) throw error;
    return { error: error.message };
  }
}
