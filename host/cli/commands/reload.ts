// wasprey reload: makes a running agent read its rules again.

import { UsageError } from '../../diagnostics/arguments.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { defineCommand } from '../definition/command.ts';
import { CONTROL_OPTIONS, reloadAgent } from '../options/control-options.ts';

export const RELOAD = defineCommand({
  name: 'reload',
  usage: '',
  operands: [],
  description: `
    Makes a running agent reload its rules, even without a notification of a change, and waits until they are in use.
    If the new rules are invalid, the previous ones stay in use.`,
  status: { ok: 'The rules are in use, or were already.', failure: "No agent answers, or the rules can't be used." },
  options: CONTROL_OPTIONS,
  examples: [{ command: 'wasprey reload', effect: "Reloads the rules of this machine's agent." }],
  async run({ options, operands }, terminal) {
    if (operands.length > 0) throw new UsageError('reload takes no operands');
    const { result, reason } = await reloadAgent(options);
    if (result === 'refused') {
      throw new CommandFailure(
        `the rules were refused: ${escapeText(String(reason))}`,
        'the previous ones stay in use',
      );
    }
    terminal.print(result === 'unchanged' ? 'nothing has changed\n' : 'the rules are in use\n');
    return EXIT.ok;
  },
});
