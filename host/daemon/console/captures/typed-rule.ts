// A rule that somebody types into the page: a condition alone, or rules as a rule file has them.

import type { RuleFile } from '../../../compiler/rules/load.ts';
import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import { renderDiagnostic, type ShownDiagnostic } from '../../../diagnostics/diagnostic-text.ts';

/** The name of the file, in messages. */
export const TYPED = 'typed';
const INDENT = '    ';
/** The condition begins at INDENT, however far its first line is indented. */
const HEAD = `- rule: Typed rule
  desc: A condition that was typed into the page.
  output: "matched"
  priority: DEBUG
  condition: >2-
`;
const LINES_BEFORE = HEAD.split('\n').length - 1;

export interface TypedRule {
  readonly file: RuleFile;
  /** Its text is a condition alone, around which the file has the rest of a rule. */
  readonly isCondition: boolean;
}

export function typedRule(text: string): TypedRule {
  const isCondition = !/^\s*(#.*\n\s*)*- /.test(text);
  if (!isCondition) return { file: { name: TYPED, text }, isCondition };
  const lines = text.split(/\r\n|[\n\r]/).map((line) => `${INDENT}${line}\n`);
  return { file: { name: TYPED, text: `${HEAD}${lines.join('')}` }, isCondition };
}

/** The diagnostic as text, with its place in what was typed. */
export function typedDiagnostic(diagnostic: Diagnostic, isCondition: boolean): string {
  if (!isCondition || diagnostic.file !== TYPED || diagnostic.line <= LINES_BEFORE) return renderDiagnostic(diagnostic);
  const { line, column, sourceLine, span } = diagnostic;
  const moved: ShownDiagnostic = {
    ...diagnostic,
    line: line - LINES_BEFORE,
    column: Math.max(1, column - INDENT.length),
    sourceLine: sourceLine.slice(INDENT.length),
    span: { start: Math.max(0, span.start - INDENT.length), end: Math.max(1, span.end - INDENT.length) },
    context: [],
  };
  return renderDiagnostic(moved);
}
