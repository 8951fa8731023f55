// Rules that are too large to be compiled together, and which of them would have to go.

import { count, number, sum } from '../diagnostics/numbers.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import { checksOf } from './conditions/fields-of.ts';
import { MOST_ON_EVENT_TYPES, MOST_SOURCE } from './ir/module-limits.ts';
import { expandedSize } from './rules/expanded-size.ts';
import type { RuleSource } from './rules/rule.ts';

/** No more functions are written when they have so many characters. */
export const MOST_FUNCTIONS = 4 * MOST_SOURCE;

export interface TooLarge {
  readonly message: string;
  /** Indices of rules, the largest first: without these the rest probably fits. */
  readonly rules: readonly [number, ...number[]];
}

/** Rules whose conditions on all their event types don't fit into memory. */
export function tooLargeOnTypes(rules: readonly RuleSource[]): TooLarge | undefined {
  const size = sum(rules.map(sizeOnTypes));
  if (size <= MOST_ON_EVENT_TYPES) return undefined;
  const most = number(MOST_ON_EVENT_TYPES);
  const what =
    `${number(size)} characters of conditions, times the event types of each rule, at most ${most} can be compiled ` +
    '(begin conditions with evt.type)';
  return tooLargeBy(what, size / MOST_ON_EVENT_TYPES, rules);
}

/** @param atLeast there would be more code, which was not written */
export function tooMuchCode(length: number, rules: readonly RuleSource[], atLeast = false): TooLarge {
  const characters = `${atLeast ? 'more than ' : ''}${number(length)} characters of code`;
  return tooLargeBy(`${characters}, at most ${number(MOST_SOURCE)} can be compiled`, length / MOST_SOURCE, rules);
}

function tooLargeBy(what: string, times: number, rules: readonly RuleSource[]): TooLarge {
  const sizes = rules.map(sizeOnTypes);
  const [largest = 0, ...others] = [...rules.keys()].sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
  const excess = sum(sizes) * (1 - 1 / times);
  let without = sizes[largest] ?? 0;
  const more: number[] = [];
  for (const index of others) {
    if (without >= excess) break;
    without += sizes[index] ?? 0;
    more.push(index);
  }
  const rule = rules[largest];
  const checks = count(rule ? checksOf(rule.condition).length : 0, 'check');
  const message = `the rules are too large: ${what}. This is the largest rule, with ${checks}; write many values as a list, with in or pmatch`;
  return { message, rules: [largest, ...more] };
}

function sizeOnTypes({ condition, eventTypes }: RuleSource): number {
  const types = EVENT_TYPES.filter(({ name }) => eventTypes?.has(name) ?? true).length;
  return Math.max(1, types) * expandedSize(condition).nested;
}
