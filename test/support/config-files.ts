// Files of a configuration, in a folder of their own, and what is reported about mistakes in them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../host/config/error.ts';
import type { Environment } from '../../host/config/expand.ts';
import { type LoadedConfig, loadConfig } from '../../host/config/load.ts';
import { renderDiagnostic } from '../../host/diagnostics/diagnostic-text.ts';
import { directoryForTests } from './directory.ts';

export const folder = directoryForTests();

export function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

export function load(text: string, options: readonly string[] = [], environment: Environment = {}): LoadedConfig {
  return loadConfig({ path: write('main.yaml', text), options, environment });
}

/** What a person sees, with the folder left out. */
export function mistakes(text: string, options: readonly string[] = [], environment: Environment = {}): string {
  try {
    load(text, options, environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.diagnostics.map((diagnostic) => renderDiagnostic(diagnostic).replaceAll(`${folder}/`, '')).join('\n');
  }
  assert.fail('it was accepted');
}
