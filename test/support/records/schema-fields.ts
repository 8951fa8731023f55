// The fields that both conditions and outputs know, from the schema, as rules write them: each with arguments that matter.

import { EVENT_TYPES, findEventType } from '../../../host/schema/events/index.ts';
import type { Field } from '../../../host/schema/fields/field.ts';
import { FIELDS } from '../../../host/schema/fields/index.ts';
import { mayBe } from '../../../host/schema/fields/supplier.ts';
import { parameterType } from '../../../host/schema/parameter-names.ts';
import type { ValueType } from '../../../host/schema/types.ts';

/** Past the end of every list, before its start, beyond all numbers. */
const INDICES = ['0', '1', '2', '5', '-1', '70000', '99999999999'];
const KEYS = ['app', 'PATH', 'tier', 'missing', 'a b'];
/** Globs, in which a backslash and brackets mean something. */
const GLOBS = ['/etc/*', '*', '[\\]]x', '[a\\-c]*', '[!/]*', '/data', '?*b', '[z-', '\\/data'];

const OF_FIELD: Readonly<Record<string, readonly string[]>> = {
  'evt.type.is': ['open', 'openat', 'connect', 'setuid'],
  'evt.abspath': ['src', 'dst'],
  'thread.cgroup': ['cpu', 'memory', 'unknown'],
};

function argumentsOf({ name, argumentKind }: Field): readonly string[] {
  const own = OF_FIELD[name];
  if (own) return own;
  switch (argumentKind) {
    case 'index':
      return INDICES;
    case 'key':
      return KEYS;
    case 'either':
      return name.startsWith('container.mount') ? [...INDICES, ...GLOBS] : [...INDICES, ...KEYS];
    default:
      return [];
  }
}

function written(field: Field, mostArguments: number): readonly string[] {
  const { name, argument, anyAncestor, dotted } = field;
  const alone = argument !== 'required' && !anyAncestor ? [name] : [];
  const withArgument = argument ? argumentsOf(field).slice(0, mostArguments) : [];
  return [...alone, ...withArgument.map((each) => (dotted ? `${name}.${each}` : `${name}[${quoted(each)}]`))];
}

function quoted(argument: string): string {
  return `"${argument.replaceAll('\\', '\\\\')}"`;
}

/**
 * Fields with a derivation that an output may print, with their arguments.
 * @param mostArguments of each field
 */
export function derivedFields(
  wanted: (field: Field) => boolean = () => true,
  mostArguments = Number.POSITIVE_INFINITY,
): readonly string[] {
  return FIELDS.filter(
    (field) =>
      (field.source.from === 'record' || field.source.from === 'container') &&
      !field.filterOnly &&
      !mayBe('nameOf', field) &&
      wanted(field),
  ).flatMap((field) => written(field, mostArguments));
}

/** Of all events, as rules name them: `evt.arg.flags`, `evt.rawarg.flags`. Those that are not captured are absent. */
export function parameterFields(field: 'evt.arg' | 'evt.rawarg'): readonly string[] {
  const names = EVENT_TYPES.flatMap(({ parameters }) => parameters.map(({ name }) => name));
  return [...new Set(names)].map((name) => `${field}.${name}`);
}

/** The type of the field's value on an event; that of evt.rawarg is the parameter's. */
export function valueType({ type }: Field, argument: string | undefined, eventName: string): ValueType {
  if (type !== 'DYN') return type;
  const row = findEventType(eventName)?.parameters.find(({ name }) => name === argument);
  return row === undefined || row.type === 'DYN' ? 'UINT64' : row.type;
}

/** Dates as text are in outputs only: evt.arg.exe_ino_ctime. */
export function isDateText({ type, source }: Field, argument: string | undefined): boolean {
  return source.from === 'argument' && type !== 'DYN' && parameterType(argument ?? '') === 'ABSTIME';
}

/** All fields that an output may print, as an output writes them: each once, with an argument if it takes one. */
export function printedFields(): readonly string[] {
  return FIELDS.filter(({ filterOnly, tableOnly }) => !filterOnly && !tableOnly).map(({ name, argument, dotted }) => {
    if (!argument) return name;
    return dotted === 'only' ? `${name}.${OF_FIELD[name]?.[0]}` : `${name}[1]`;
  });
}
