// What a history lacks for a rule: then its figures say less than those of an agent that had run with the rule.

import { findEventType } from '../../schema/events/index.ts';
import type { FieldSource } from '../../schema/fields/field.ts';
import { resolveField } from '../../schema/fields/index.ts';
import { isOfSshPeer } from '../../schema/fields/session.ts';
import {
  type FilterClause,
  familyOf,
  type KernelFilter,
  OPEN_COMBINATIONS,
  OPENED,
  openFacts,
} from '../../schema/kernel-filter.ts';
import type { HistoryFile } from '../history.ts';
import type { TriedRule } from './tried-rules.ts';

/** Fields that conditions compare with names of hosts. */
const HOST_NAME_FIELD = /^fd\.[csrl]?ip\.name$/;

/**
 * Each is a clause about the rule, for people. Empty: it has all that the rule needs.
 * @param files at least one
 */
export function lacksOf(rule: TriedRule, files: readonly HistoryFile[]): readonly string[] {
  const { reads, fields } = rule;
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
  lacks.push(...notKept(rule, files));
  const hosts = fields.filter((field) => HOST_NAME_FIELD.test(field));
  if (hosts.length > 0) lacks.push(`the addresses that host names had then: ${hosts.join(', ')}`);
  const all = [...new Set([...fields, ...reads.fields])];
  const ofSession = all.filter((name) => sourceOf(name)?.from === 'session');
  if (ofSession.length > 0) {
    lacks.push(
      `whose exec session it was, which a recording does not have, so that these are absent: ${ofSession.join(', ')}`,
    );
  }
  const ofConnection = all.filter(isOfSshPeer);
  if (ofConnection.length > 0) {
    lacks.push(
      `where a session by ssh came from, which a recording does not have, so that these are absent: ${ofConnection.join(', ')}`,
    );
  }
  const ofMachine = reads.fields.filter((name) => sourceOf(name)?.from === 'procfs');
  if (ofMachine.length > 0) lacks.push(`fields of its output that only a running process has: ${ofMachine.join(', ')}`);
  return lacks;
}

/** Events of types that a journal has, but which it does not keep. */
function notKept({ reads, needs }: TriedRule, files: readonly HistoryFile[]): readonly string[] {
  const lacking = new Map<string, Set<string>>();
  for (const { facts } of files) {
    if (!facts.kept) continue;
    for (const type of reads.eventTypes) {
      const keep = facts.kept.types.get(type);
      const clauses = needs?.filter(({ types }) => types.includes(type)) ?? [];
      for (const what of keep === undefined ? [] : lackingOf(type, keep, facts.kept.opens, clauses)) {
        lacking.set(what, (lacking.get(what) ?? new Set()).add(type));
      }
    }
  }
  return [...lacking].map(([what, types]) => `${what} are not kept: ${[...types].join(', ')}`);
}

/** @param clauses what the rule needs of events of the type; none: anything */
function lackingOf(type: string, keep: string, opens: string, clauses: KernelFilter): readonly string[] {
  const needs = clauses.length > 0 ? clauses : [ANYTHING];
  const what: string[] = [];
  const succeeded = keep === 'succeeded' || keep === 'processes' || keep === 'memory';
  if (succeeded && needs.some(({ result }) => result !== 'succeeded')) what.push('failed calls');
  if (keep === 'processes') what.push('new threads');
  if (keep === 'signals') what.push('signals of a process to itself');
  if (keep === 'memory') what.push('mappings other than executable ones of files in memory');
  const shape = findEventType(type)?.shape;
  if (shape && familyOf(shape) === 'open' && type !== ALWAYS_WRITES && needs.some((need) => needsOther(need, opens))) {
    what.push('opens that do not write');
  }
  return what;
}

/** It opens for writing, whatever its arguments. */
const ALWAYS_WRITES = 'creat';

const ANYTHING: FilterClause = { rule: 0, types: [] };

/** Whether the clause can be met by opens for reading that are not kept. No directory can be opened for writing. */
function needsOther({ opens, result }: FilterClause, kept: string): boolean {
  if (result === 'failed') return false;
  return opens === undefined || (BigInt(`0x${opens}`) & ~BigInt(`0x${kept}`) & READING_OPENS) !== 0n;
}

/** Combinations that opened something, for reading. */
const READING_OPENS = Array.from({ length: OPEN_COMBINATIONS }, (_, index) => {
  const { access, opened } = openFacts(index);
  return access === 0 && opened !== OPENED.nothing ? 1n << BigInt(index) : 0n;
}).reduce((sum, bit) => sum | bit, 0n);

function sourceOf(name: string): FieldSource | undefined {
  const resolved = resolveField(name);
  return resolved.ok ? resolved.field.source : undefined;
}
