// What responses have in force: shown, and undone, by the running agent, or without one by the command itself.

import type { Configuration } from '../../config/definition.ts';
import { durationText } from '../../config-values/duration.ts';
import { type CommandConfiguration, configurationOf } from '../../daemon/configuration.ts';
import { askAgent, ControlError } from '../../daemon/control/client.ts';
import type { InForceAnswer, InForceHost, UndoAnswer } from '../../daemon/control/responses.ts';
import { kubernetesPlace } from '../../daemon/places/metadata-places.ts';
import { actorsOf, ownPlace } from '../../daemon/responder.ts';
import type { ListValue } from '../../diagnostics/arguments.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { columns } from '../../diagnostics/layout.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { Ledger, LedgerTakenError } from '../../responses/ledger/ledger.ts';
import { bootId, timeLeft } from '../../responses/ledger/time-left.ts';
import type { LedgerEntry } from '../../responses/ledger-entry.ts';
import { ForceKeeper, UndoError } from '../../responses/performing/force-keeper.ts';
import { Turns } from '../../responses/performing/turns.ts';
import { PinnedEnforcement } from '../../responses/pinned-enforcement.ts';
import { chosenEntries } from './chosen-entries.ts';

/** Undoing can wait for a container whose action is under way. */
const TIMEOUT_MS = 60_000;

export interface InForceRequest {
  readonly config?: string | undefined;
  readonly option?: readonly ListValue[] | undefined;
}

/** @returns the exit status; rejects with CommandFailure */
export async function listInForce(request: InForceRequest, json: boolean, terminal: Terminal): Promise<number> {
  const { configuration } = await configurationOf({ ...request, usual: true }, terminal);
  const agent = await agentOf(configuration);
  const entries = agent ? await agent.list() : await kept(() => Ledger.read(configuration.responses.folder));
  const pinned = new PinnedEnforcement();
  if (json) {
    terminal.print(`${JSON.stringify({ agent: agent !== undefined, pinned: pinned.exists, entries })}\n`);
    return EXIT.ok;
  }
  if (pinned.exists)
    terminal.print(`the kernel refuses calls by pinned responses, also without an agent (${pinned.folder})\n`);
  if (entries.length === 0 && !pinned.exists) terminal.print('nothing is in force\n');
  const boot = await bootId();
  const rows = entries.map((entry) => row(entry, boot));
  if (rows.length > 0) terminal.print(`${columns([HEAD, ...rows], terminal.width)}\n`);
  if (entries.length > 0 && !agent) terminal.say('no agent runs: nothing is undone on time until one does\n');
  return EXIT.ok;
}

/**
 * Undoes entries by their ids, or those that containers or pods of that name are in.
 * @param words none: all
 * @param paused only those that are paused
 * @returns the exit status; rejects with CommandFailure
 */
export async function undoInForce(
  request: InForceRequest,
  words: readonly string[],
  paused: boolean,
  terminal: Terminal,
): Promise<number> {
  const given = await configurationOf({ ...request, usual: true }, terminal);
  const isAll = words.length === 0 && !paused;
  const wasPinned = isAll && removePinned();
  if (wasPinned) terminal.print('undone: pinned enforcement in the kernel; where an agent runs, it ends with that\n');
  const agent = (await agentOf(given.configuration)) ?? (await withoutAgent(given, isAll, terminal));
  try {
    const entries = (await agent.list()).filter(({ action }) => !paused || action === 'pause_container');
    const chosen = words.length === 0 ? entries : words.flatMap((word) => chosenEntries(word, entries));
    let failed = 0;
    for (const { id } of new Set(chosen)) failed += (await undoOne(agent, id, terminal)) ? 0 : 1;
    if (chosen.length === 0 && !wasPinned) terminal.print('nothing is in force\n');
    return failed === 0 ? EXIT.ok : EXIT.failure;
  } finally {
    await agent.close();
  }
}

/** No agent is needed for it, and one that has ended could not be asked. */
function removePinned(): boolean {
  const pinned = new PinnedEnforcement();
  try {
    return pinned.remove();
  } catch (error) {
    throw new CommandFailure(`pinned enforcement in ${pinned.folder} can't be removed: ${reasonOf(error)}`);
  }
}

const HEAD = ['id', 'action', 'on', 'response', 'since', 'undone at'] as const;

/** @param currentBoot of the machine: its clock may have been set since */
function row(entry: LedgerEntry, currentBoot: string): string[] {
  const { id, action, phase, container, containerName, pod, response, time } = entry;
  const state = phase === 'in-force' ? '' : ` (${phase})`;
  const milliseconds = timeLeft(entry, currentBoot);
  const left =
    milliseconds === undefined
      ? 'by people'
      : `in ${durationText(Math.max(0, Math.round(milliseconds / 1000)) * 1000)}`;
  const on = [pod, containerName || container.slice(0, 12)].filter((name) => name !== '').join(' ');
  return [id, `${action}${state}`, escapeText(on), escapeText(response), new Date(time).toISOString(), left];
}

async function undoOne(agent: InForceHost, id: string, terminal: Terminal): Promise<boolean> {
  try {
    const { action, containerName, container, pod } = await agent.undo(id);
    terminal.print(`undone: ${action} of ${escapeText(containerName || container.slice(0, 12) || pod)} (${id})\n`);
    return true;
  } catch (error) {
    if (!(error instanceof UndoError)) throw error;
    terminal.say(`${escapeText(error.message)}\n`);
    return false;
  }
}

type OpenHost = InForceHost & { close(): Promise<void> };

/** Undefined if none runs. */
async function agentOf({ control }: Configuration): Promise<OpenHost | undefined> {
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
async function withoutAgent(
  { configuration }: CommandConfiguration,
  isAll: boolean,
  terminal: Terminal,
): Promise<OpenHost> {
  const ledger = await kept(() => Ledger.open(configuration.responses.folder));
  const nobody = { namespaces: [], labels: new Map(), executables: [] };
  const keeper = new ForceKeeper({
    ledger,
    actors: actorsOf(
      ownPlace(),
      () => nobody,
      () => undefined,
      { runtimes: {}, kubernetes: kubernetesPlace(configuration) || undefined },
    ),
    turns: new Turns(),
    mayFinish: () => false,
    onFailure: (message) => terminal.say(`${escapeText(message)}\n`),
    onNote: () => {},
  });
  if (isAll) await keeper.undoOthers();
  return {
    async list() {
      await keeper.sweep();
      return ledger.entries;
    },
    undo: (id) => keeper.undo(id),
    async close() {
      keeper.close();
      await ledger.close();
    },
  };
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
