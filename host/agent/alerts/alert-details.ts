// What the page shows of an alert beyond its fields: what the rule's condition saw, the process and its ancestors.

import type { Match } from '../../engine/messages/match.ts';
import { completeValues } from '../../metadata/complete-alert.ts';
import type { KeyedValue } from '../../outputs/message.ts';
import type { SessionFacts } from '../../sessions/live-sessions.ts';
import { comparedFields, ofAncestors } from '../../verdicts/compared-fields.ts';
import type { RuleInfo, RuleModule } from '../modules/rule-module.ts';
import { sessionFactOf, sessionValue } from '../sessions/session-values.ts';

/** Fields of each ancestor. */
const ANCESTOR_FIELDS = ['proc.apid', 'proc.aname', 'proc.aexepath', 'proc.acmdline'] as const;

/** Fields of the process itself, and of its event. */
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
