// wasprey responses: what is done about alerts.

import { CONFIG_OPTIONS } from '../../daemon/configuration.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { defineCommand } from '../definition/command.ts';
import { checkResponses } from '../responses/check.ts';

const CHECK = 'check';

export const RESPONSES = defineCommand({
  name: 'responses',
  usage: 'check [RULES...]',
  operands: [{ values: [CHECK] }, { values: 'path', repeats: true }],
  description: `
    \`check\` checks the responses of a configuration (\`responses\`) without doing anything: their keys and conditions, and for
    which rules they are: those of the configuration, or RULES. What matches no rule is a warning, with what was probably
    meant. No privilege is needed.`,
  status: {
    ok: 'The responses are valid, with or without warnings.',
    failure: 'They have errors; with --strict, or warnings.',
  },
  options: {
    ...CONFIG_OPTIONS,
    json: { kind: 'flag', short: 'j', description: 'Print one JSON object.' },
    strict: { kind: 'flag', description: 'Exit status 1 if there are warnings.' },
  },
  examples: [
    { command: 'wasprey responses check', effect: "Checks this machine's configuration." },
    {
      command: 'wasprey responses check -c wasprey.yaml --strict rules/',
      effect: 'Checks a configuration with the rules of a folder, in a pipeline.',
    },
  ],
  async run({ options, operands }, terminal) {
    const [word, ...rules] = operands;
    if (word !== CHECK)
      throw new UsageError(
        word === undefined ? 'what about responses?' : `unknown word ${word}`,
        `write wasprey responses ${CHECK}`,
      );
    const { config, option, json = false, strict = false } = options;
    return checkResponses({ config, option, rules, json, strict }, terminal);
  },
});
