// Macros: references in a condition are replaced by the macro's own tree.

import type { Expression, Span } from '../conditions/ast.ts';

/** A condition that refers to an unknown macro, or to itself. */
export class MacroError extends Error {
  readonly span: Span;
  readonly macro: string;
  readonly reason: 'unknown' | 'loop' | 'size';

  constructor(reason: MacroError['reason'], message: string, macro: string, span: Span) {
    super(message);
    this.name = 'MacroError';
    this.reason = reason;
    this.macro = macro;
    this.span = span;
  }
}

/**
 * A condition with every macro replaced. Checks that came from a macro keep their span in that macro's text, and say
 * which macros they came through.
 * @param find the tree of a macro that this condition can see, references in it not yet replaced
 * @param used is called with every macro that was replaced
 * @throws MacroError with the span of the reference in the condition itself
 */
export function expandMacros(
  condition: Expression,
  find: (name: string) => Expression | undefined,
  used: (name: string) => void,
): Expression {
  return new Expansion(find, used).expand(condition, [], undefined);
}

/** Macros that double in each step would fill the memory; no rule that a person wrote comes near this. */
const MOST_CHECKS = 200_000;
/** Levels of and, or and not in each other. The compiler descends through them: its stack ends at some 1,500. */
const MOST_LEVELS = 500;

class Expansion {
  readonly #find: (name: string) => Expression | undefined;
  readonly #used: (name: string) => void;
  #checks = 0;
  #level = 0;

  constructor(find: (name: string) => Expression | undefined, used: (name: string) => void) {
    this.#find = find;
    this.#used = used;
  }

  /** @param reference where the condition itself refers to the outermost macro of the path; errors are shown there */
  expand(expression: Expression, path: readonly string[], reference: Span | undefined): Expression {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return { ...expression, children: expression.children.map((child) => this.#inner(child, path, reference)) };
      case 'not':
        return { ...expression, child: this.#inner(expression.child, path, reference) };
      case 'check':
        if (++this.#checks > MOST_CHECKS && reference) {
          throw new MacroError('size', `condition has more than ${MOST_CHECKS} checks`, path[0] ?? '', reference);
        }
        return path.length === 0 ? expression : { ...expression, macros: [...path, ...(expression.macros ?? [])] };
      case 'macro':
        return this.#macro(expression.name, path, reference ?? expression.span);
    }
  }

  /** One level further down. */
  #inner(expression: Expression, path: readonly string[], reference: Span | undefined): Expression {
    if (++this.#level > MOST_LEVELS && reference) {
      throw new MacroError('size', `condition nests more than ${MOST_LEVELS} levels deep`, path[0] ?? '', reference);
    }
    const expanded = this.expand(expression, path, reference);
    this.#level--;
    return expanded;
  }

  #macro(name: string, path: readonly string[], reference: Span): Expression {
    if (path.includes(name)) throw new MacroError('loop', `reference loop in macro '${name}'`, name, reference);
    const macro = this.#find(name);
    if (!macro) throw new MacroError('unknown', `Undefined macro '${name}' used in filter.`, name, reference);
    const expanded = this.expand(macro, [...path, name], reference);
    this.#used(name);
    return expanded;
  }
}
