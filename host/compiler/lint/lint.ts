// All checks of `wasprey lint` together.

import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { findConstantConditions } from './constant-condition.ts';
import { findExpensive } from './expensive.ts';
import { findImpossibleValues } from './impossible-value.ts';
import { findShadowed } from './shadowed.ts';
import { subjectOf } from './subject.ts';
import { findUnused } from './unused.ts';

/**
 * Probable mistakes, by file and place. A finding in a macro that several rules use is reported once.
 * @param rules enabled rules with captured events, in the order of evaluation
 * @param warnings of the loader, after the last file
 */
export function lintRules(rules: readonly CompiledRule[], warnings: readonly Diagnostic[]): Diagnostic[] {
  const subjects = rules.map(subjectOf);
  const found = [
    ...findUnused(warnings),
    ...findShadowed(subjects),
    ...subjects.flatMap((subject) => [
      ...findConstantConditions(subject),
      ...findImpossibleValues(subject),
      ...findExpensive(subject),
    ]),
  ];
  const once = new Map(found.map((item) => [`${item.code} ${item.file} ${item.offset} ${item.message}`, item]));
  const files = [...new Set(rules.map(({ file }) => file))];
  return [...once.values()].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.offset - b.offset);
}
