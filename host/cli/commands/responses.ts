// wasprey responses: what is done about alerts.

import { CONFIG_OPTIONS } from '../../daemon/configuration.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { defineCommand } from '../definition/command.ts';
import { checkResponses } from '../responses/check.ts';

const WORDS = ['check', 'list', 'undo', 'resume', 'log'] as const;

export const RESPONSES = defineCommand({
  name: 'responses',
  usage: 'check [RULES...] | list | undo ID... | resume CONTAINER... | log',
  operands: [{ values: WORDS }, { values: 'path', repeats: true }],
  description: `
    \`check\` checks the responses of a configuration (\`responses\`) without doing anything: their keys and conditions, and for
    which rules they are: those of the configuration, or RULES. What matches no rule is a warning, with what was probably
    meant. No privilege is needed.

    \`list\` shows what responses have in force: containers that are paused, and the like, and whether refusals of the kernel
    are pinned (\`responses.pinned\`). \`undo\` takes it back, by the ids that \`list\` shows, or with --all everything, also
    what is pinned. \`resume\` does so for paused containers, by their names, the beginnings of their ids,
    or their pods (NAMESPACE/NAME). A running agent is asked over its control socket; where none runs, it is done at once.

    \`log\` shows what was done about alerts on this machine, and why not, as far as the journal has it (\`journal\`).`,
  status: {
    ok: 'The responses are valid, with or without warnings; it is shown, or undone.',
    failure: "They have errors; with --strict, or warnings. Or it can't be undone.",
  },
  options: {
    ...CONFIG_OPTIONS,
    json: { kind: 'flag', short: 'j', description: 'Print one JSON object: check, list and log.' },
    strict: { kind: 'flag', description: 'check: exit status 1 if there are warnings.' },
    all: { kind: 'flag', description: 'undo and resume: everything.' },
  },
  examples: [
    { command: 'wasprey responses check', effect: "Checks this machine's configuration." },
    {
      command: 'wasprey responses check -c wasprey.yaml --strict rules/',
      effect: 'Checks a configuration with the rules of a folder, in a pipeline.',
    },
    { command: 'wasprey responses list', effect: 'Shows what is paused, and until when.' },
    { command: 'wasprey responses resume shop/web-0', effect: 'Lets the containers of a pod go on.' },
  ],
  async run({ options, operands }, terminal) {
    const [first, ...words] = operands;
    const word = WORDS.find((each) => each === first);
    const { config, option, json = false, strict = false, all = false } = options;
    if (word === 'check') return checkResponses({ config, option, rules: words, json, strict }, terminal);
    const { listInForce, undoInForce } = await import('../responses/in-force.ts');
    switch (word) {
      case 'list':
        if (words.length > 0) throw new UsageError('responses list takes no further operands');
        return listInForce({ config, option }, json, terminal);
      case 'log': {
        if (words.length > 0) throw new UsageError('responses log takes no further operands');
        const { showResponseLog } = await import('../responses/log.ts');
        return showResponseLog({ config, option }, json, terminal);
      }
      case 'undo':
      case 'resume':
        if (all === words.length > 0) throw new UsageError(`responses ${word} takes what is undone, or --all`);
        return undoInForce({ config, option }, words, word === 'resume', terminal);
      case undefined:
        throw new UsageError(
          first === undefined ? 'what about responses?' : `unknown word ${first}`,
          `write wasprey responses ${WORDS.join('|')}`,
        );
    }
  },
});
