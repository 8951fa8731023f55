// append_output and static_fields: what they add to alerts, and errors in them.

import { parseTemplate, TemplateError } from '../compiler/conditions/template.ts';
import type { Template } from '../compiler/conditions/template-tokens.ts';
import type { AlertAddition, FormattedField } from '../outputs/additions.ts';
import { DEFAULT_SOURCE, type EventSource, isEventSource } from '../schema/event-source.ts';
import { PLACE_FIELDS } from '../schema/fields/place.ts';
import type { Configuration } from './definition.ts';
import type { Origin } from './error.ts';
import { type ConfigDiagnostic, configDiagnostic } from './error.ts';

/** What Falco's container plugin suggests. */
const SUGGESTED = Object.values(PLACE_FIELDS)
  .map((name) => ` ${name.replaceAll('.', '_')}=%${name}`)
  .join('');

const STATIC_FIELD = /%static\.([A-Za-z0-9_]+)/;

export interface AppendOutput {
  readonly additions: readonly AlertAddition[];
  readonly diagnostics: readonly ConfigDiagnostic[];
}

type Entry = Configuration['append_output'][number];

export function readAppendOutput(
  { append_output, static_fields }: Pick<Configuration, 'append_output' | 'static_fields'>,
  origins: ReadonlyMap<string, Origin>,
): AppendOutput {
  const diagnostics: ConfigDiagnostic[] = [];
  const additions = append_output.map((entry, index): AlertAddition => {
    // A plugin that is not known here has no rules either.
    const { match = {} } = entry;
    const source = match.source ?? DEFAULT_SOURCE;
    if (!isEventSource(source)) {
      return { match, output: [], fields: [], formatted: [] };
    }
    const path = `append_output[${index}]`;
    const parse = (format: string, key: string) => {
      try {
        return parseFormat(format, static_fields, source);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        const origin = origins.get(key) ?? origins.get(path);
        if (origin) diagnostics.push(configDiagnostic('CONFIG_VALUE', error.message, origin, { help: error.help }));
        return [];
      }
    };
    return additionOf(entry, path, static_fields, parse);
  });
  return { additions, diagnostics };
}

function additionOf(
  { match = {}, extra_output, extra_fields = [], suggested_output }: Entry,
  path: string,
  statics: ReadonlyMap<string, string>,
  parse: (format: string, key: string) => Template,
): AlertAddition {
  const fields: string[] = [];
  const formatted: FormattedField[] = [];
  for (const [index, given] of extra_fields.entries()) {
    for (const [key, format] of given) {
      const place = `${path}.extra_fields[${index}]`;
      const template = parse(format === '' ? `%${key}` : format, place);
      if (format !== '' || key.startsWith('static.')) formatted.push({ key, template });
      else fields.push(key);
    }
  }
  const output: Template = extra_output ? [SPACE, ...parse(extra_output, `${path}.extra_output`)] : [];
  const suggested = suggested_output === true ? SUGGESTED : '';
  const ownStatics = suggested_output === true ? [...statics] : [];
  return {
    match,
    output: [
      ...output,
      ...(suggested === '' ? [] : parseTemplate(suggested)),
      ...ownStatics.map(([name, value]) => ({ kind: 'text', text: ` static_${name}=${value}` }) as const),
    ],
    fields,
    formatted: [
      ...formatted,
      ...ownStatics.map(([name, value]) => ({
        key: `static.${name}`,
        template: [{ kind: 'text', text: value }] as const,
      })),
    ],
  };
}

const SPACE = { kind: 'text', text: ' ' } as const;

/** Replaces %static.NAME by its value, taken literally. */
function parseFormat(format: string, statics: ReadonlyMap<string, string>, source: EventSource): Template {
  const found = STATIC_FIELD.exec(format);
  if (!found) return parseTemplate(format, source);
  const [written, name = ''] = found;
  const value = statics.get(name);
  if (value === undefined)
    throw new TemplateError(`unknown static field ${name}`, found.index, found.index + written.length);
  const before = format.slice(0, found.index);
  const after = format.slice(found.index + written.length);
  return [
    ...(before === '' ? [] : parseTemplate(before, source)),
    { kind: 'text', text: value },
    ...(after === '' ? [] : parseFormat(after, statics, source)),
  ];
}
