// The effective configuration as YAML, each value with its source.

import type { SectionDefinition } from '../config-values/value-types.ts';
import { DEFINITION } from './definition.ts';
import type { Origin } from './error.ts';
import type { LoadedConfig } from './load.ts';
import { escapeControls, holdsSecrets, shownValue } from './shown.ts';

/** Column of the sources, if there is room. */
const SOURCE_COLUMN = 48;

export interface PrintOptions {
  /** Omit values that have their default. */
  readonly onlyGiven?: boolean;
  readonly showsSecrets?: boolean;
}

export function printConfig(
  { configuration, origins, unused }: LoadedConfig,
  { onlyGiven = false, showsSecrets = false }: PrintOptions = {},
): string {
  const lines = sectionLines(DEFINITION, configuration, origins, { path: '', indent: '', onlyGiven, showsSecrets });
  const without = unused.map(({ path, reason, origin }) => `#   ${path} (${sourceOf(origin)}): ${reason}\n`);
  const rest = without.length === 0 ? '' : `# No effect here:\n${without.join('')}`;
  return lines.map((line) => `${line}\n`).join('') + rest;
}

interface At {
  readonly path: string;
  readonly indent: string;
  readonly onlyGiven: boolean;
  readonly showsSecrets: boolean;
}

function sectionLines(
  { keys }: SectionDefinition,
  values: Readonly<Record<string, unknown>>,
  origins: ReadonlyMap<string, Origin>,
  { path, indent, onlyGiven, showsSecrets }: At,
): string[] {
  return Object.entries(keys).flatMap(([key, definition]) => {
    if (definition.kind === 'unused') return [];
    const own = path === '' ? key : `${path}.${key}`;
    const value = values[key];
    if (definition.kind === 'section' && isRecord(value)) {
      const inner = sectionLines(definition, value, origins, {
        path: own,
        indent: `${indent}  `,
        onlyGiven,
        showsSecrets,
      });
      return inner.length === 0 ? [] : [`${indent}${key}:`, ...inner];
    }
    const origin = origins.get(own);
    if (onlyGiven && !origin) return [];
    const written = `${indent}${key}: ${shownValue(definition, value, showsSecrets)}`;
    return [`${written.padEnd(SOURCE_COLUMN)} # ${origin ? sourceOf(origin) : 'default'}`];
  });
}

/** `falco.yaml:12`, or the option as given; only the key for an option in a section with secrets. */
export function sourceOf({ file, start }: Origin): string {
  if (file.name !== '-o') return escapeControls(`${file.name}:${file.position(start).line}`);
  const [key = ''] = file.text.split('=', 1);
  const [top = ''] = /^[^.[]*/.exec(key.trim()) ?? [];
  const isOpen = Object.entries(DEFINITION.keys).some(([name, own]) => name === top && !holdsSecrets(own));
  return escapeControls(`-o ${isOpen ? file.text : key}`);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}
