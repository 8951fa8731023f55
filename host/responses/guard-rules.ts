// Conditions of `unless` as guards: rules that the engine runs on matches alone.

import { eventTypesOf } from '../compiler/conditions/event-types.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import { DEFAULT_SOURCE, type EventSource } from '../schema/event-source.ts';
import { readUnless } from './read-unless.ts';
import type { Response } from './settings.ts';
import { guarded } from './unless.ts';

/** The guards as rules for the compiler. Their conditions were checked before. */
export function guardRules(responses: readonly Response[], source: EventSource): RuleSource[] {
  return guarded(responses, source).map(({ name, unless = '' }, index) => {
    const condition = readUnless(unless, source);
    return {
      name,
      description: '',
      priority: 'Debug',
      tags: [],
      source,
      output: 'unless',
      conditionText: unless,
      file: 'responses',
      line: index + 1,
      condition,
      ...(source === DEFAULT_SOURCE && { eventTypes: eventTypesOf(condition) }),
    };
  });
}
