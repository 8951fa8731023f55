// A rule as its file has it, what `wasprey explain` says of it, and the AssemblyScript that it is compiled to.

import { translateRules } from '../../compiler/compile.ts';
import { explainRule } from '../../compiler/explain.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import { ruleSourceOf } from '../../compiler/rules/rule.ts';
import { SILENT } from '../../diagnostics/terminal.ts';
import { explanationParts } from '../rules/explanation.ts';
import { loadRuleSet } from '../rules/load-rule-set.ts';
import { readRuleFiles } from '../rules/rule-files.ts';
import { ALL_SOURCES } from '../rules/rule-selection.ts';
import type { NoAnswer, ShownExplanation } from './messages.ts';

/** Characters of a line of the explanation. */
const WIDTH = 110;
const MOST_LINES = 2_000;
const LONGEST_LINE = 2_000;

export interface ExplainQuestion {
  readonly kind: 'explain';
  readonly rule: string;
  readonly files: readonly string[];
  /** Values of static.NAME. */
  readonly statics: Readonly<Record<string, string>>;
}

/** @throws {CommandFailure | AscError} when the files are invalid now, or the rule is too large */
export function explainedRule({ rule: name, files, statics }: ExplainQuestion): ShownExplanation | NoAnswer {
  const read = readRuleFiles([...files]);
  const { rules } = loadRuleSet(read, SILENT, false, { ...ALL_SOURCES, statics });
  const rule = rules.find((one) => one.name === name);
  if (!rule) return { kind: 'none', reason: 'the rule files have no such rule now' };
  const [, ...parts] = explanationParts(rule, explainRule(rule), WIDTH);
  const { source } = translateRules([ruleSourceOf(rule)]);
  return {
    kind: 'explained',
    description: rule.description.trim().replaceAll(/\s*\n\s*/g, ' '),
    place: `${rule.file}:${rule.line}`,
    text: bounded(itemAt(read, rule.file, rule.line)),
    parts: parts.map(({ title, lines }) => ({ title, lines: bounded(lines) })),
    assemblyScript: bounded(source.split('\n')),
  };
}

/** The lines of the item that begins there: up to the next one. */
function itemAt(files: readonly RuleFile[], name: string, line: number): readonly string[] {
  const lines = files.find((file) => file.name === name)?.text.split(/\r\n|[\n\r]/) ?? [];
  const begin = line - 1;
  const next = lines.findIndex((text, index) => index > begin && /^- /.test(text));
  const item = lines.slice(begin, next < 0 ? lines.length : next);
  // Comments between are the next one's.
  const end = item.findLastIndex((text) => text.trim() !== '' && !/^#/.test(text));
  return item.slice(0, end + 1);
}

function bounded(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MOST_LINES).map((line) => line.slice(0, LONGEST_LINE));
  return lines.length > MOST_LINES ? [...shown, `... and ${lines.length - MOST_LINES} more lines`] : shown;
}
