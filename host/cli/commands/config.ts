// wasprey config: prints the effective configuration, or describes all keys.

import { configSchema } from '../../config/json-schema.ts';
import { loadConfig } from '../../config/load.ts';
import { printConfig } from '../../config/print.ts';
import { CONFIG_OPTIONS, configurationOf } from '../../daemon/configuration.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { defineCommand } from '../definition/command.ts';
import { configReference } from '../reports/config-reference.ts';

export const CONFIG = defineCommand({
  name: 'config',
  usage: '[-c FILE] [-o KEY=VALUE...]',
  operands: [],
  description: `
    Prints the effective configuration in YAML, each value with its source: a line of a file, an
    option, or the default. Keys without effect are listed at the end, with the reason. Nothing is started.`,
  status: { ok: 'The configuration can be used.', failure: 'It is invalid; the errors are shown.' },
  options: {
    ...CONFIG_OPTIONS,
    given: { kind: 'flag', description: 'Only given keys, without defaults.' },
    'show-secrets': {
      kind: 'flag',
      description: 'Also show values of headers, commands of program_output, and complete URLs.',
    },
    schema: { kind: 'flag', description: 'Print the JSON Schema of the configuration instead, for editors.' },
    markdown: { kind: 'flag', description: 'Print the reference of all keys instead.' },
  },
  examples: [
    { command: 'wasprey config -c falco.yaml', effect: 'Prints the effective configuration of a file of Falco.' },
    {
      command: 'wasprey config -c falco.yaml --given -o priority=error',
      effect: 'The same without defaults, with a change.',
    },
    { command: 'wasprey config --schema > wasprey.schema.json', effect: 'For your editor.' },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length > 0) throw new UsageError(`unexpected argument ${operands[0]}`, 'set the file with -c FILE');
    if (options.schema && options.markdown) throw new UsageError('--schema and --markdown exclude each other');
    if (options.schema) {
      terminal.print(`${JSON.stringify(configSchema(), null, 2)}\n`);
      return EXIT.ok;
    }
    if (options.markdown) {
      terminal.print(configReference());
      return EXIT.ok;
    }
    const { loaded = loadConfig({ environment: process.env }) } = await configurationOf(
      { config: options.config, option: options.option, usual: true },
      terminal,
    );
    terminal.print(
      printConfig(loaded, { onlyGiven: options.given === true, showsSecrets: options['show-secrets'] === true }),
    );
    return EXIT.ok;
  },
});
