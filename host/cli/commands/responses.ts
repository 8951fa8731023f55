// wasprey responses: what is done about alerts.

import { CONFIG_OPTIONS } from '../../daemon/configuration.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { defineCommand } from '../definition/command.ts';
import { checkResponses } from '../responses/check.ts';

const WORDS = ['check', 'list', 'undo', 'resume', 'log'] as const;
/** What is named to be undone. */
const CHOSEN = { undo: 'ids', resume: 'containers' } as const;

export const RESPONSES = defineCommand({
  name: 'responses',
  usage: 'check [RULES...] | list | undo ID... | resume CONTAINER... | log',
  operands: [{ values: WORDS }, { values: 'path', repeats: true }],
  description: `
    \`check\` checks the responses of a configuration (\`responses\`) without doing anything: their keys and conditions, and which
    rules they match, of the configuration or of RULES. A name or tag that matches no rule is a warning, with a suggestion.
    No privilege is needed.

    \`list\` shows active responses, such as paused containers, and whether refusals of the kernel are pinned
    (\`responses.pinned\`). \`undo\` undoes them by the ids that \`list\` shows; --all undoes everything, also what is pinned;
    it reports an invalid configuration, and then continues with the defaults.
    \`resume\` resumes paused containers, by name, by the beginning of the id, or by pod (NAMESPACE/NAME). If an agent runs,
    it does this over its control socket; otherwise the command does it itself.

    \`log\` shows from the journal what was done about alerts on this machine, or why nothing was done.`,
  status: {
    ok: 'The responses are valid, with or without warnings; or they are listed, or undone.',
    failure: "The responses have errors (with --strict, or warnings), or can't be undone.",
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
    { command: 'wasprey responses resume shop/web-0', effect: 'Resumes the containers of a pod.' },
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
        if (all === words.length > 0) throw new UsageError(`responses ${word} needs ${CHOSEN[word]}, or --all`);
        return undoInForce({ config, option }, words, word === 'resume', terminal);
      case undefined:
        throw new UsageError(
          first === undefined ? 'missing subcommand' : `unknown subcommand ${first}`,
          `write wasprey responses ${WORDS.join('|')}`,
        );
    }
  },
});
