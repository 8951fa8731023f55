// A command of Wasprey, run in this process: a process of its own takes emulated processors 5 to 10 s until it begins.

import { COMMANDS } from '../../../host/cli/commands.ts';
import { allOptions } from '../../../host/cli/definition/command.ts';
import { parseArguments } from '../../../host/diagnostics/arguments.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';

export interface Ran {
  /** The exit status. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects with what the command line would report. */
export async function runCommand(name: string, words: readonly string[]): Promise<Ran> {
  const command = await COMMANDS.find((entry) => entry.name === name)?.load();
  if (!command) throw new Error(`there is no command ${name}`);
  const printed = { stdout: '', stderr: '' };
  const status = await command.run(parseArguments(allOptions(command), words), {
    ...SILENT,
    print(text) {
      printed.stdout += text;
    },
    say(text) {
      printed.stderr += text;
    },
  });
  return { status, ...printed };
}
