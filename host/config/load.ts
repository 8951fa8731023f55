// Loads a configuration from a file, its config_files and options of the command line, and checks it.

import { SourceFile } from '../diagnostics/source-file.ts';
import { checkConfiguration } from './check.ts';
import { withPluginEngines } from './container-plugin.ts';
import { type Configuration, DEFINITION } from './definition.ts';
import type { Origin } from './error.ts';
import { ConfigError } from './error.ts';
import type { Environment } from './expand.ts';
import type { ConfigMapping } from './node.ts';
import { applyOption, parseOption, topKey } from './option.ts';
import { readValue, type UnusedKey } from './read.ts';
import { readConfigFile, withIncludes } from './sources.ts';

export interface ConfigInput {
  /** Path of the main file. */
  readonly path?: string;
  /** Options of the command line, as they were given: `webserver.listen_port=9000`. */
  readonly options?: readonly string[];
  readonly environment: Environment;
}

export interface LoadedConfig {
  readonly configuration: Configuration;
  /** The place of each given value, by its path. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly unused: readonly UnusedKey[];
  /** The files that were read, in order. */
  readonly files: readonly string[];
}

/** @throws {ConfigError} with all errors */
export function loadConfig({ path, options = [], environment }: ConfigInput): LoadedConfig {
  const given = options.map(parseOption);
  const includes = given.filter((option) => topKey(option) === 'config_files');
  const others = given.filter((option) => topKey(option) !== 'config_files');
  const main = includes.reduce(applyOption, path === undefined ? nothing() : readConfigFile(path));
  const { root, files } = withIncludes(main, path, environment);
  const whole = withPluginEngines(others.reduce(applyOption, root));
  const { value, diagnostics, origins, unused } = readValue(DEFINITION, whole, environment);
  const all = [...diagnostics, ...checkConfiguration(value, origins)];
  if (all.length > 0) throw new ConfigError(all);
  return { configuration: value, origins, unused, files };
}

function nothing(): ConfigMapping {
  return { kind: 'mapping', entries: new Map(), origin: { file: new SourceFile('-', ''), start: 0, end: 0 } };
}
