// What the compiler's back end takes: rules as the front end leaves them, lists and macros resolved, types checked.

import type { Expression } from './conditions/ast.ts';
import type { CompiledRule } from './rules/rule.ts';

export interface RuleSource {
  readonly name: string;
  readonly description: string;
  readonly priority: string;
  readonly tags: readonly string[];
  /** Event source, e.g. syscall. */
  readonly source: string;
  /** The output template as it was written. */
  readonly output: string;
  /** The condition as it was written, macros and lists by name. */
  readonly conditionText: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Without macro references. */
  readonly condition: Expression;
  /** Names of the event types that the rule can match; undefined = any. */
  readonly eventTypes?: ReadonlySet<string>;
}

/** A rule as the loader made it. */
export function ruleSourceOf(rule: CompiledRule): RuleSource {
  const { name, description, priority, tags, source, conditionText, file, line, condition, eventTypes } = rule;
  return {
    name,
    description,
    priority,
    tags,
    source,
    output: rule.outputText,
    conditionText,
    file,
    line,
    condition,
    eventTypes,
  };
}
