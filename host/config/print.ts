// The effective configuration as YAML, each value with the place that it comes from.

import { DEFINITION } from './definition.ts';
import { durationText } from './duration.ts';
import type { LoadedConfig } from './load.ts';
import type { Origin } from './node.ts';
import type { SectionDefinition } from './value-types.ts';

/** Column of the sources, where there is room. */
const SOURCE_COLUMN = 48;

/** @param onlyGiven leave out what has its default */
export function printConfig({ configuration, origins, unused }: LoadedConfig, onlyGiven = false): string {
  const lines = sectionLines(DEFINITION, configuration, origins, { path: '', indent: '', onlyGiven });
  const without = unused.map(({ path, reason, origin }) => `#   ${path} (${sourceOf(origin)}): ${reason}\n`);
  const rest = without.length === 0 ? '' : `# Without effect here:\n${without.join('')}`;
  return lines.map((line) => `${line}\n`).join('') + rest;
}

interface At {
  readonly path: string;
  readonly indent: string;
  readonly onlyGiven: boolean;
}

function sectionLines(
  { keys }: SectionDefinition,
  values: Readonly<Record<string, unknown>>,
  origins: ReadonlyMap<string, Origin>,
  { path, indent, onlyGiven }: At,
): string[] {
  return Object.entries(keys).flatMap(([key, definition]) => {
    if (definition.kind === 'unused') return [];
    const own = path === '' ? key : `${path}.${key}`;
    const value = values[key];
    if (definition.kind === 'section' && isRecord(value)) {
      const inner = sectionLines(definition, value, origins, { path: own, indent: `${indent}  `, onlyGiven });
      return inner.length === 0 ? [] : [`${indent}${key}:`, ...inner];
    }
    const origin = origins.get(own);
    if (onlyGiven && !origin) return [];
    const written = `${indent}${key}: ${definition.kind === 'duration' ? durationText(Number(value)) : valueYaml(value)}`;
    return [`${written.padEnd(SOURCE_COLUMN)} # ${origin ? sourceOf(origin) : 'default'}`];
  });
}

/** JSON is YAML. */
function valueYaml(value: unknown): string {
  if (
    typeof value === 'string' &&
    /^[A-Za-z/][\w./-]*$/.test(value) &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
  )
    return value;
  return escapeControls(
    JSON.stringify(value, (_, inner) => (inner instanceof Map ? Object.fromEntries(inner) : inner)),
  );
}

/** `falco.yaml:12`, or the option as it was given. */
function sourceOf({ file, start }: Origin): string {
  const source = file.name === '-o' ? `-o ${file.text}` : `${file.name}:${file.position(start).line}`;
  return escapeControls(source);
}

/** What JSON leaves as it is but a terminal would act on. */
function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}
