// wasprey responses log: what was done about alerts, as the journal has it.

import { configurationOf } from '../../daemon/configuration.ts';
import { escapeLines, escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { readResponseLog } from '../../journal/response-log.ts';
import type { InForceRequest } from './in-force.ts';

/** @returns the exit status; rejects with CommandFailure */
export async function showResponseLog(request: InForceRequest, json: boolean, terminal: Terminal): Promise<number> {
  const { configuration } = await configurationOf({ ...request, usual: true }, terminal);
  const { folder } = configuration.journal;
  const records = await readResponseLog(folder).catch((error: unknown) => {
    throw new CommandFailure(`the journal in ${folder} can't be read: ${reasonOf(error)}`);
  });
  if (json) terminal.print(`${escapeLines(JSON.stringify({ folder, records }))}\n`);
  else {
    for (const { time, rule, text } of records) {
      terminal.print(`${new Date(time).toISOString()} ${escapeText(`${rule}: ${text}`)}\n`);
    }
    if (records.length === 0) terminal.say(`the journal in ${folder} has no responses\n`);
  }
  return EXIT.ok;
}
