// What the loader hands on of a rule.

import type { Expression } from '../conditions/ast.ts';
import type { EventSet } from '../conditions/event-types.ts';
import type { Placed } from './collection.ts';
import type { RuleItem } from './items.ts';
import type { MappedText } from './mapped-text.ts';
import type { CompiledOutput } from './output.ts';
import type { CompiledRule } from './rule.ts';

export function compiledRule(
  rule: Placed<RuleItem>,
  text: MappedText,
  condition: Expression,
  eventTypes: EventSet,
  output: CompiledOutput,
  placeOf: CompiledRule['placeOf'],
): CompiledRule {
  const { file, start } = rule.context;
  return {
    name: rule.name,
    description: rule.description,
    source: rule.source,
    priority: rule.priority,
    enabled: rule.enabled,
    tags: [...rule.tags].sort(),
    conditionText: rule.condition.text,
    expandedText: text.text,
    condition,
    place: rule.context,
    placeOf,
    eventTypes,
    outputText: output.text,
    output: output.template,
    exceptionNames: rule.exceptions.map(({ name }) => name),
    capture: rule.capture,
    captureDuration: rule.captureDuration,
    file: file.name,
    line: file.position(start).line,
  };
}
