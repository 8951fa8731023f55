// wasprey reload: has a running agent read its rules anew.

import { escapeText } from '../../outputs/escape.ts';
import { defineCommand, EXIT } from '../command.ts';
import { CONTROL_OPTIONS, reloadAgent } from '../control-options.ts';
import { CommandFailure } from '../report-error.ts';

export const RELOAD = defineCommand({
  name: 'reload',
  usage: '',
  description: `
    Has a running agent read its rules anew, also where nothing tells it that they have changed, and waits until they are in use.
    Rules that can't be used leave those before in use; the exit status is 1 then.`,
  options: CONTROL_OPTIONS,
  examples: [{ command: 'wasprey reload', effect: "Of this machine's agent." }],
  async run({ options }, terminal) {
    const { result, reason } = await reloadAgent(options);
    if (result === 'refused') {
      throw new CommandFailure(`the rules can't be used: ${escapeText(String(reason))}`, 'those before stay in use');
    }
    terminal.print(result === 'unchanged' ? 'nothing has changed\n' : 'the rules are in use\n');
    return EXIT.ok;
  },
});
