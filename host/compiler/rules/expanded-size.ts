// How large a condition is with its macros and lists in place. It is known before anything is made of that size: a macro that is used
// twice is one tree that stands in two places (macros.ts), but whatever reads the condition goes through it twice.

import type { Check, Expression } from '../conditions/ast.ts';

export interface ExpandedSize {
  /** Characters of the checks, and something for each check. */
  readonly characters: number;
  /** The size, counted anew at each level of and, or and not: the compiler has a key for each level, with all that is below. */
  readonly nested: number;
  /** Levels of and, or and not in each other. */
  readonly levels: number;
}

/** What the compiler makes of a check is larger than its text, by about this. */
const OF_EACH_CHECK = 32;

export function sizeOfCheck({ span }: Check): ExpandedSize {
  const characters = OF_EACH_CHECK + span.end - span.start;
  return { characters, nested: characters, levels: 0 };
}

/** The size of one level with these parts. */
export function sizeOfLevel(parts: readonly ExpandedSize[]): ExpandedSize {
  const characters = parts.reduce((sum, part) => sum + part.characters, 0);
  return {
    characters,
    nested: parts.reduce((sum, part) => sum + part.nested, characters),
    levels: parts.reduce((most, part) => Math.max(most, part.levels), 0) + 1,
  };
}

/** The size of an expanded condition. Trees that stand in several places are looked at once. */
export function expandedSize(condition: Expression): ExpandedSize {
  const known = new Map<Expression, ExpandedSize>();
  const sizeOf = (expression: Expression): ExpandedSize => {
    const before = known.get(expression);
    if (before) return before;
    const size = measure(expression);
    known.set(expression, size);
    return size;
  };
  const measure = (expression: Expression): ExpandedSize => {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return sizeOfLevel(expression.children.map(sizeOf));
      case 'not':
        return sizeOfLevel([sizeOf(expression.child)]);
      case 'check':
        return sizeOfCheck(expression);
      case 'macro':
        throw new Error(`macro ${expression.name} was not expanded`);
    }
  };
  return sizeOf(condition);
}
