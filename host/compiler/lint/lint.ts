// All checks of `wasprey lint` together.

import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { findConstantConditions } from './constant-condition.ts';
import { findExpensive } from './expensive.ts';
import { findImpossibleValues } from './impossible-value.ts';
import { findShadowed } from './shadowed.ts';
import { subjectOf } from './subject.ts';
import { findUnused } from './unused.ts';

/** What the loader warns of that is as probably a mistake. */
const MISTAKES: ReadonlySet<string> = new Set([
  'WASPREY_FIELD_UNAVAILABLE',
  'WASPREY_KEY_IGNORED',
  'WASPREY_DEFINED_TWICE',
  'WASPREY_UNKNOWN_LIST',
]);

/**
 * Probable mistakes, by file and place. A finding in a macro that several rules use is reported once.
 * @param rules enabled rules with captured events, in the order of evaluation
 * @param warnings of the loader, after the last file
 * @param leftOut conditions of rules that the loader did not compile
 */
export function lintRules(
  rules: readonly CompiledRule[],
  warnings: readonly Diagnostic[],
  leftOut: readonly string[] = [],
): Diagnostic[] {
  const subjects = rules.map(subjectOf);
  const found = [
    ...findUnused(warnings, leftOut),
    ...warnings.filter((item) => isMistake(item, rules)),
    ...findShadowed(subjects),
    ...subjects.flatMap((subject) => [
      ...findConstantConditions(subject),
      ...findImpossibleValues(subject),
      ...findExpensive(subject),
    ]),
  ];
  const once = new Map(found.map((item) => [`${item.code} ${item.file} ${item.offset} ${item.message}`, item]));
  const files = [...new Set([...rules, ...found].map(({ file }) => file))];
  return [...once.values()].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.offset - b.offset);
}

/** Fields that are absent matter to rules that are evaluated. */
function isMistake({ code, context }: Diagnostic, rules: readonly CompiledRule[]): boolean {
  if (!MISTAKES.has(code)) return false;
  const of = context.find(({ type }) => type === 'rule');
  return code !== 'WASPREY_FIELD_UNAVAILABLE' || rules.some(({ name }) => name === of?.name);
}
