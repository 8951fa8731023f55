// What a history lacks for a rule: then its figures say less than those of an agent that had run with the rule.

import { resolveField } from '../../schema/fields/index.ts';
import type { HistoryFile } from '../history.ts';
import type { TriedRule } from './tried-rules.ts';

/** Fields that conditions compare with names of hosts. */
const HOST_NAME_FIELD = /^fd\.[csrl]?ip\.name$/;

/**
 * Each is a clause about the rule, for people. Empty: it has all that the rule needs.
 * @param files at least one
 */
export function lacksOf({ reads, fields }: TriedRule, files: readonly HistoryFile[]): readonly string[] {
  const { eventTypes } = reads;
  if (eventTypes.length === 0) return ['no event can match it'];
  const missing = eventTypes.filter((type) => !files.some(({ facts }) => facts.eventTypes.includes(type)));
  const partly = eventTypes.filter(
    (type) => !missing.includes(type) && !files.every(({ facts }) => facts.eventTypes.includes(type)),
  );
  const lacks: string[] = [];
  if (missing.length === eventTypes.length) lacks.push(`none of its events were recorded: ${missing.join(', ')}`);
  else if (missing.length > 0) lacks.push(`events that were not recorded: ${missing.join(', ')}`);
  if (partly.length > 0) lacks.push(`events that were recorded only in a part of the time: ${partly.join(', ')}`);
  const hosts = fields.filter((field) => HOST_NAME_FIELD.test(field));
  if (hosts.length > 0) lacks.push(`the addresses that host names had then: ${hosts.join(', ')}`);
  const ofMachine = reads.fields.filter(isOfMachine);
  if (ofMachine.length > 0) lacks.push(`fields of its output that only a running process has: ${ofMachine.join(', ')}`);
  return lacks;
}

function isOfMachine(name: string): boolean {
  const resolved = resolveField(name);
  return resolved.ok && resolved.field.source.from === 'procfs';
}
