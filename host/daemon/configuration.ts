// The configuration of a command: from the given file or the usual one, and from -o.

import { existsSync } from 'node:fs';
import { type Configuration, DEFINITION } from '../config/definition.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { UnusedKey } from '../config/read.ts';
import { defaultsOf } from '../config-values/defaults.ts';
import type { ListValue } from '../diagnostics/arguments.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { columns } from '../diagnostics/layout.ts';
import type { Terminal } from '../diagnostics/terminal.ts';

/** The configuration of the service, which commands read unless another is given. */
export const USUAL_CONFIG = '/etc/wasprey/wasprey.yaml';

/** Most errors that are shown: a file that is not a configuration has one in each line. */
const MOST_SHOWN = 20;

export const CONFIG_OPTIONS = {
  config: {
    kind: 'text',
    short: 'c',
    value: 'FILE',
    description: `Configuration, in the format of falco.yaml. Default: ${USUAL_CONFIG}, if it exists.`,
  },
  option: {
    kind: 'list',
    short: 'o',
    value: 'KEY=VALUE',
    description:
      'Set a key of the configuration: -o webserver.listen_port=9000, -o rules[].disable.tag=network. May be given several times.',
  },
} as const;

export interface ConfigRequest {
  readonly config?: string | undefined;
  readonly option?: readonly ListValue[] | undefined;
  /** Whether the usual file counts. */
  readonly usual: boolean;
}

/** The configuration, with the sources of its values if any were given. */
export interface CommandConfiguration {
  readonly configuration: Configuration;
  readonly loaded?: LoadedConfig;
}

/** @throws {CommandFailure} after showing the errors */
export async function configurationOf(
  { config, option = [], usual }: ConfigRequest,
  terminal: Terminal,
): Promise<CommandConfiguration> {
  const path = config ?? (usual && existsSync(USUAL_CONFIG) ? USUAL_CONFIG : undefined);
  if (path === undefined && option.length === 0) return { configuration: defaultsOf(DEFINITION) };
  // Loaded only now: a start without a configuration should not wait for a YAML parser.
  const { loadConfig } = await import('../config/load.ts');
  const { ConfigError } = await import('../config/error.ts');
  try {
    const options = option.map(({ text }) => text);
    const loaded = loadConfig({ ...(path !== undefined && { path }), options, environment: process.env });
    return { configuration: loaded.configuration, loaded };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { renderDiagnostic } = await import('../diagnostics/diagnostic-text.ts');
    const shown = error.diagnostics.slice(0, MOST_SHOWN);
    for (const diagnostic of shown) terminal.say(`${renderDiagnostic(diagnostic, { color: terminal.color })}\n\n`);
    const more = error.diagnostics.length - shown.length;
    if (more > 0) terminal.say(`... and ${more} more\n\n`);
    throw new CommandFailure('the configuration is invalid', 'correct the errors above');
  }
}

/** One list of the keys that were given and do nothing here, for a person. */
export function renderUnused(unused: readonly UnusedKey[], terminal: Terminal): string {
  const rows = unused.map(({ path, reason }) => [path, reason]);
  return `these keys of the configuration have no effect here:\n${columns(rows, terminal.width)}`;
}
