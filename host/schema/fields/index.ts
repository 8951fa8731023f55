// Every field of the rule language, by the source of events, whether the capture can supply it or not; and the lookup of a field
// by its written form in a rule.

import { DEFAULT_SOURCE, type EventSource } from '../event-source.ts';
import { CONTAINER_FIELDS } from './container.ts';
import { EVENT_FIELDS } from './evt.ts';
import { COUNT_FIELDS } from './evt-count.ts';
import { TIME_FIELDS } from './evt-time.ts';
import { WAY_FIELDS } from './evt-way.ts';
import { DESCRIPTOR_FIELDS } from './fd.ts';
import type { Field } from './field.ts';
import { PATH_FIELDS } from './fs-path.ts';
import { KUBERNETES_FIELDS } from './k8s.ts';
import { AUDIT_FIELDS } from './k8s-audit.ts';
import { KUBERNETES_USER_FIELDS } from './k8s-user.ts';
import { CLUSTER_FIELDS } from './k8smeta.ts';
import { PROCESS_FIELDS } from './process.ts';
import { SESSION_FIELDS } from './session.ts';
import { THREAD_FIELDS } from './thread.ts';
import { USER_FIELDS } from './user.ts';

/** The fields of system calls. */
export const FIELDS: readonly Field[] = [
  ...EVENT_FIELDS,
  ...TIME_FIELDS,
  ...COUNT_FIELDS,
  ...WAY_FIELDS,
  ...PROCESS_FIELDS,
  ...THREAD_FIELDS,
  ...USER_FIELDS,
  ...SESSION_FIELDS,
  ...DESCRIPTOR_FIELDS,
  ...PATH_FIELDS,
  ...CONTAINER_FIELDS,
  ...KUBERNETES_FIELDS,
  ...KUBERNETES_USER_FIELDS,
  ...CLUSTER_FIELDS,
];

/** `static.NAME`: a value of the configuration. It is not a field of events, and in none of the lists. */
const STATIC: Field = {
  name: 'static',
  type: 'CHARBUF',
  description: 'A constant from the configuration (static_fields).',
  source: { from: 'rendered', as: 'constant' },
  argument: 'required',
  dotted: true,
  argumentKind: 'key',
};

export const FIELDS_OF: Readonly<Record<EventSource, readonly Field[]>> = { syscall: FIELDS, k8s_audit: AUDIT_FIELDS };

const BY_NAME: Readonly<Record<EventSource, ReadonlyMap<string, Field>>> = {
  syscall: byName(FIELDS),
  k8s_audit: byName(AUDIT_FIELDS),
};

function byName(fields: readonly Field[]): ReadonlyMap<string, Field> {
  return new Map([...fields, STATIC].map((field) => [field.name, field]));
}

export type ResolvedField =
  | { readonly ok: true; readonly field: Field; readonly argument?: string }
  | {
      readonly ok: false;
      /** `unknown`: no such field; `argument-missing`, `argument-unexpected`, `argument-invalid`: the field exists. */
      readonly reason: 'unknown' | 'argument-missing' | 'argument-unexpected' | 'argument-invalid';
      readonly field?: Field;
    };

/** Arguments may be quoted inside the brackets, as in rules: `proc.env["A B"]`. Keys of outputs have them without: `proc.env[A B]`. */
const BRACKETED = /^([^[\]]+)\[(?:"([^"]*)"|'([^']*)'|(.+))\]$/s;

/**
 * Finds the field that `text` names, with its argument split off: `proc.aname[2]`, `evt.arg.flags`,
 * `container.label[a.b]`. The longest known name wins (`evt.type.is.open` is evt.type.is, not evt.type).
 */
export function resolveField(text: string, source: EventSource = DEFAULT_SOURCE): ResolvedField {
  const bracketed = BRACKETED.exec(text);
  if (bracketed) {
    const argument = bracketed[2] ?? bracketed[3] ?? bracketed[4] ?? '';
    return resolveNamed(bracketed[1] ?? '', argument, source);
  }
  return resolveNamed(text, undefined, source);
}

/** Finds the field of a name and a bracketed argument that were parsed apart. */
export function resolveNamed(
  name: string,
  bracket: string | undefined,
  source: EventSource = DEFAULT_SOURCE,
): ResolvedField {
  const fields = BY_NAME[source];
  const exact = fields.get(name);
  if (exact) return withBracket(exact, bracket);
  // `.x` instead of `[x]`: cut names off the end until one is known that takes an argument.
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const field = fields.get(name.slice(0, dot));
    if (field?.dotted && bracket === undefined) return withArgument(field, name.slice(dot + 1));
  }
  return { ok: false, reason: 'unknown' };
}

/** What the argument of a field may be. */
function formOf({ argumentKind, argumentForm, emptyArgument }: Field): RegExp {
  if (argumentForm) return argumentForm;
  if (argumentKind === 'index') return /^-?\d+$/;
  if (argumentKind === 'position') return /^(?:0|[1-9]\d*)$/;
  return emptyArgument ? /^/ : /./s;
}

/** A number as C reads it, `[+1]` or `[" 1"]`, in its plain form. */
const LOOSE_NUMBER = /^[ \t\n\v\f\r]*(?:\+(?=\d))?(-?\d+)$/;

function withBracket(field: Field, bracket: string | undefined): ResolvedField {
  if (bracket !== undefined && field.dotted === 'only') {
    return field.argument === 'required'
      ? { ok: false, reason: 'argument-missing', field }
      : { ok: false, reason: 'argument-invalid', field };
  }
  const takesNumber = field.argumentKind === 'index' || field.source.from === 'argument';
  const number = takesNumber && bracket !== undefined ? LOOSE_NUMBER.exec(bracket)?.[1] : undefined;
  return withArgument(field, number ?? bracket);
}

function withArgument(field: Field, argument: string | undefined): ResolvedField {
  if (argument === undefined) {
    return field.argument === 'required' ? { ok: false, reason: 'argument-missing', field } : { ok: true, field };
  }
  if (!field.argument) return { ok: false, reason: 'argument-unexpected', field };
  if (!formOf(field).test(argument)) {
    return { ok: false, reason: 'argument-invalid', field };
  }
  return { ok: true, field, argument };
}
