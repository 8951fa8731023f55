// A rule as the loader returns it: everything that the rest of the compiler and the outputs need.

import type { Context } from '../../diagnostics/diagnostic.ts';
import type { Priority } from '../../schema/priority.ts';
import type { Check, Expression, Span } from '../conditions/ast.ts';
import type { EventSet } from '../conditions/event-types.ts';
import type { Template } from '../conditions/template-tokens.ts';

export interface CompiledRule {
  readonly name: string;
  readonly description: string;
  readonly source: string;
  readonly priority: Priority;
  readonly enabled: boolean;
  /** Sorted, each once. */
  readonly tags: readonly string[];
  /** The condition as written, after appending. */
  readonly conditionText: string;
  /** With exceptions and list items in it: the text that spans of checks outside of macros refer to. */
  readonly expandedText: string;
  /** No macro references; lists substituted; types checked. */
  readonly condition: Expression;
  /** Where the rule is defined. */
  readonly place: Context;
  /** Where a span of a check was written: in the condition, or in the macro that brought the check in. */
  readonly placeOf: (span: Span, check: Check) => Context;
  /** Names of the event types that the rule is evaluated on. */
  readonly eventTypes: EventSet;
  /** The output as written, after appending, without %container.info. */
  readonly outputText: string;
  readonly output: Template;
  readonly exceptionNames: readonly string[];
  readonly capture: boolean;
  /** Milliseconds; 0 = as configured for all. */
  readonly captureDuration: number;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface CompiledMacro {
  readonly name: string;
  readonly condition: Expression;
  readonly used: boolean;
}

/** What the back end compiles: a rule with lists and macros resolved, types checked. */
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
  /** Its alerts begin a capture. Default: they do not. */
  readonly capture?: boolean;
  /** ms; 0: as the configuration says. Default: 0. */
  readonly captureDuration?: number;
}

/** A rule as the loader made it. */
export function ruleSourceOf(rule: CompiledRule): RuleSource {
  const { name, description, priority, tags, source, conditionText, file, line, condition, eventTypes } = rule;
  const { capture, captureDuration } = rule;
  return {
    name,
    capture,
    captureDuration,
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
