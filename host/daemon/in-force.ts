// What responses have in force, listed and undone from outside of an agent: by the one that runs, or, if none does, by the ledger.

import type { Configuration } from '../config/definition.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { Ledger, LedgerTakenError } from '../responses/ledger/ledger.ts';
import type { LedgerEntry } from '../responses/ledger-entry.ts';
import { ActiveResponses, UndoError } from '../responses/performing/active-responses.ts';
import { Turns } from '../responses/performing/turns.ts';
import { PinnedEnforcement } from '../responses/pinned-enforcement.ts';
import { actorsOf } from './actors.ts';
import { askAgent, ControlError } from './control/client.ts';
import type { InForceAnswer, InForceHost, UndoAnswer } from './control/responses.ts';
import { kubernetesPlace } from './places/metadata-places.ts';
import { ownPlace } from './responder.ts';

/** Undoing can wait for a container whose action is under way. */
const TIMEOUT_MS = 60_000;

/** To be closed after use. */
type OpenHost = InForceHost & { close(): Promise<void> };

/** The agent that runs; undefined if none does. */
export async function hostByAgent({ control }: Configuration): Promise<OpenHost | undefined> {
  const ask = async (method: 'GET' | 'POST', path: string): Promise<unknown> => {
    try {
      return await askAgent(control.socket, method, path, TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      if (error.code === 'CONTROL_ABSENT') return undefined;
      throw new CommandFailure(`${error.message} [${error.code}]`);
    }
  };
  const first = (await ask('GET', '/responses')) as InForceAnswer | undefined;
  if (!first) return undefined;
  return {
    list: async () => ((await ask('GET', '/responses')) as InForceAnswer | undefined)?.entries ?? [],
    async undo(id) {
      const { undone, error = 'the agent has ended' } = ((await ask('POST', `/responses/${id}/undo`)) ??
        {}) as UndoAnswer;
      if (!undone) throw new UndoError('RESPONSES_UNDO', error);
      return undone;
    },
    close: () => Promise.resolve(),
  };
}

/**
 * The ledger itself: no agent may use it meanwhile.
 * @param isAll what no entry is about is undone, too. It may be that of an agent with another ledger: otherwise it is left alone
 */
export async function hostByLedger(
  configuration: Configuration,
  isAll: boolean,
  onFailure: (message: string) => void,
): Promise<OpenHost> {
  const ledger = await kept(() => Ledger.open(configuration.responses.folder));
  const nobody = { namespaces: [], labels: new Map(), executables: [] };
  const active = new ActiveResponses({
    ledger,
    actors: actorsOf(
      ownPlace(),
      () => nobody,
      () => undefined,
      { runtimes: {}, kubernetes: kubernetesPlace(configuration) || undefined },
    ),
    turns: new Turns(),
    mayFinish: () => false,
    onFailure,
    onNote: () => {},
  });
  if (isAll) await active.undoOthers();
  return {
    async list() {
      await active.sweep();
      return ledger.entries;
    },
    undo: (id) => active.undo(id),
    async close() {
      active.close();
      await ledger.close();
    },
  };
}

/**
 * What is in force by the ledger, also while an agent uses it.
 * @throws {CommandFailure}
 */
export function entriesInLedger({ responses }: Configuration): Promise<readonly LedgerEntry[]> {
  return kept(() => Ledger.read(responses.folder));
}

/** Ends pinned enforcement. No agent is needed for it, and one that has ended could not be asked. Returns whether there was any. */
export function removePinned(): boolean {
  const pinned = new PinnedEnforcement();
  try {
    return pinned.remove();
  } catch (error) {
    throw new CommandFailure(`pinned enforcement in ${pinned.folder} can't be removed: ${reasonOf(error)}`);
  }
}

async function kept<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const help =
      error instanceof LedgerTakenError ? 'ask the agent that runs: set control.enabled and control.socket' : undefined;
    throw new CommandFailure(`what is in force can't be read: ${reasonOf(error)}`, help);
  }
}
