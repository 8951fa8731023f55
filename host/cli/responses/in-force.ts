// What responses have in force: shown, and undone, by the running agent, or without one by the command itself.

import type { Configuration } from '../../config/definition.ts';
import { durationText } from '../../config-values/duration.ts';
import { configurationOf } from '../../daemon/configuration.ts';
import type { InForceHost } from '../../daemon/control/responses.ts';
import { entriesInLedger, hostByAgent, hostByLedger, removePinned } from '../../daemon/in-force.ts';
import type { ListValue } from '../../diagnostics/arguments.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { columns } from '../../diagnostics/layout.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { bootId, timeLeft } from '../../responses/ledger/time-left.ts';
import type { LedgerEntry } from '../../responses/ledger-entry.ts';
import { UndoError } from '../../responses/performing/active-responses.ts';
import { PinnedEnforcement } from '../../responses/pinned-enforcement.ts';
import { chosenEntries } from './chosen-entries.ts';

export interface InForceRequest {
  readonly config?: string | undefined;
  readonly option?: readonly ListValue[] | undefined;
}

/** @returns the exit status; rejects with CommandFailure */
export async function listInForce(request: InForceRequest, json: boolean, terminal: Terminal): Promise<number> {
  const { configuration } = await configurationOf({ ...request, usual: true }, terminal);
  const agent = await hostByAgent(configuration);
  const entries = agent ? await agent.list() : await entriesInLedger(configuration);
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
 * @param words none: all. Then what fails does not keep the rest
 * @param paused only those that are paused
 * @returns the exit status; rejects with CommandFailure
 */
export async function undoInForce(
  request: InForceRequest,
  words: readonly string[],
  paused: boolean,
  terminal: Terminal,
): Promise<number> {
  const onFailure = (message: string): void => terminal.say(`${escapeText(message)}\n`);
  const isAll = words.length === 0 && !paused;
  // First of all: it needs no configuration, so an invalid one can't keep it.
  const pinned = isAll ? undoPinned(terminal) : 'none';
  const { configuration, isValid } = await configurationToUndo(request, words.length === 0, terminal);
  const agent = (await hostByAgent(configuration)) ?? (await hostByLedger(configuration, isAll, onFailure));
  try {
    const entries = (await agent.list()).filter(({ action }) => !paused || action === 'pause_container');
    const chosen = words.length === 0 ? entries : words.flatMap((word) => chosenEntries(word, entries));
    let failed = pinned === 'failed' || !isValid ? 1 : 0;
    for (const { id } of new Set(chosen)) failed += (await undoOne(agent, id, terminal)) ? 0 : 1;
    if (chosen.length === 0 && pinned === 'none') terminal.print('nothing is in force\n');
    return failed === 0 ? EXIT.ok : EXIT.failure;
  } finally {
    await agent.close();
  }
}

function undoPinned(terminal: Terminal): 'undone' | 'none' | 'failed' {
  try {
    if (!removePinned()) return 'none';
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    terminal.say(`${escapeText(error.message)}\n`);
    return 'failed';
  }
  terminal.print('undone: pinned enforcement in the kernel; where an agent runs, it ends with that\n');
  return 'undone';
}

/** @param everything whether an invalid file is reported and left out: what is in force by the usual ledger can be undone without it */
async function configurationToUndo(
  request: InForceRequest,
  everything: boolean,
  terminal: Terminal,
): Promise<{ configuration: Configuration; isValid: boolean }> {
  try {
    const { configuration } = await configurationOf({ ...request, usual: true }, terminal);
    return { configuration, isValid: true };
  } catch (error) {
    if (!everything || !(error instanceof CommandFailure)) throw error;
    const { configuration } = await configurationOf({ option: request.option, usual: false }, terminal);
    const { control, responses } = configuration;
    terminal.say(
      `${error.message}: with the defaults, active responses of the agent at ${control.socket} or in ${responses.folder} are undone\n`,
    );
    return { configuration, isValid: false };
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
