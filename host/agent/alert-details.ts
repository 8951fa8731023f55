// What the page shows of an alert beyond its fields: what the rule's condition saw, the process and its ancestors.

import type { Match } from '../engine/protocol.ts';
import { completeValues } from '../metadata/complete-alert.ts';
import type { KeyedValue } from '../outputs/message.ts';
import { resolveField } from '../schema/fields/index.ts';
import type { SessionFacts } from '../sessions/live-sessions.ts';
import type { RuleInfo, RuleModule } from './rule-module.ts';
import { sessionFactOf, sessionValue } from './session-values.ts';

/** Ancestors that are read, the parent first. */
export const ANCESTORS_READ = 16;

/** Of each ancestor. */
const ANCESTOR_FIELDS = ['proc.apid', 'proc.aname', 'proc.aexepath', 'proc.acmdline'] as const;

/** Of the process itself, and of its event. */
const PROCESS_FIELDS: readonly string[] = [
  ...[
    'evt.type',
    'evt.res',
    'proc.pid',
    'proc.vpid',
    'proc.name',
    'proc.exepath',
    'proc.cmdline',
    'proc.cwd',
    'proc.tty',
  ],
  ...['proc.sid', 'proc.is_exe_upper_layer', 'proc.is_exe_from_memfd', 'proc.exe_ino.ctime_duration_proc_start'],
  ...['user.name', 'user.uid', 'user.loginname', 'user.loginuid'],
  ...['container.id', 'container.full_id', 'container.name', 'container.image', 'k8s.ns.name', 'k8s.pod.name'],
];

/** What a condition on these compares; the conditions' own names have no value. */
const ENDS_OF_CONNECTION: Readonly<Record<string, readonly string[]>> = {
  'fd.ip': ['fd.cip', 'fd.sip'],
  'fd.net': ['fd.cip', 'fd.sip'],
  'fd.port': ['fd.cport', 'fd.sport'],
  'fd.cnet': ['fd.cip'],
  'fd.snet': ['fd.sip'],
  'fd.lnet': ['fd.lip'],
  'fd.rnet': ['fd.rip'],
};

/** The module whose rules read what the page shows of their alerts. */
export function withDetails(module: RuleModule): RuleModule {
  return { ...module, rules: module.rules.map((rule) => ({ ...rule, details: detailFields(rule.fields) })) };
}

/** @param condition fields that it reads */
export function detailFields(condition: readonly string[]): readonly string[] {
  return [
    ...new Set([...PROCESS_FIELDS, ...ANCESTOR_FIELDS.flatMap(ofAncestors), ...condition.flatMap(comparedFields)]),
  ];
}

/** The fields whose values a condition on the named one compares: those of every ancestor, or of both ends of a connection, for some. */
export function comparedFields(name: string): readonly string[] {
  const resolved = resolveField(name);
  const isOfAnyAncestor = resolved.ok && resolved.field.anyAncestor === true && resolved.argument === undefined;
  return isOfAnyAncestor ? ofAncestors(name) : (ENDS_OF_CONNECTION[name] ?? [name]);
}

function ofAncestors(name: string): string[] {
  return Array.from({ length: ANCESTORS_READ }, (_, index) => `${name}[${index + 1}]`);
}

/**
 * The details of a match.
 * @param entry of its container, if that was not known when they were read
 * @param session what is known of the exec session
 */
export function alertDetails(
  rule: RuleInfo,
  match: Match,
  entry: Uint8Array | undefined,
  session: SessionFacts | undefined,
): readonly KeyedValue[] {
  const { details: keys = [] } = rule;
  const { details: read = [], gap } = match;
  const values = entry && gap ? completeValues(keys, read, entry, gap.moment) : read;
  return keys.map((key, index) => {
    const fact = session && sessionFactOf(key);
    return { key, value: fact ? sessionValue(fact, session) : values[index] };
  });
}
