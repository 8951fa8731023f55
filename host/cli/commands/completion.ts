// wasprey completion: prints a script that lets a shell complete the command line.

import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { completedCommands } from '../completion/command-line.ts';
import { COMPLETIONS, SHELLS } from '../completion/shells.ts';
import { type Command, type CommandEntry, defineCommand } from '../definition/command.ts';
import { onlyOperand } from '../definition/only-operand.ts';

/** @param entries all commands, this one among them */
export const completionCommand = (entries: () => readonly CommandEntry[]): Command =>
  defineCommand({
    name: 'completion',
    usage: SHELLS.join('|'),
    operands: [{ values: SHELLS }],
    description: `
    Prints a script that lets a shell complete commands, options, their values and files. Packages of Wasprey contain these
    scripts; otherwise read the script in the start file of the shell.`,
    status: { ok: 'The script was printed.', failure: "The script can't be written." },
    options: {},
    examples: [
      { command: 'wasprey completion bash > /etc/bash_completion.d/wasprey', effect: 'For all users of bash.' },
      {
        command: 'wasprey completion zsh > /usr/local/share/zsh/site-functions/_wasprey',
        effect: 'For all users of zsh.',
      },
      {
        command: 'wasprey completion fish > ~/.config/fish/completions/wasprey.fish',
        effect: 'For your own fish shell.',
      },
    ],
    async run({ operands }, terminal) {
      const name = onlyOperand(operands, 'shell', `one of ${SHELLS.join(', ')}`);
      const shell = SHELLS.find((known) => known === name);
      if (!shell) throw new UsageError(`no script for ${name}`, { word: name, known: SHELLS, prefix: '' });
      terminal.print(COMPLETIONS[shell].script(await completedCommands(entries())));
      return EXIT.ok;
    },
  });
