// Macros: references in a condition are replaced by the macro's own tree. A tree that is expanded already is not copied: it stands in
// as many places as refer to it, so that macros that use macros take no more memory than their texts.

import { number } from '../../diagnostics/numbers.ts';
import type { Expression, Span } from '../conditions/ast.ts';
import { MOST_EXPANDED, MOST_LEVELS } from '../ir/module-limits.ts';
import { type ExpandedSize, sizeOfCheck, sizeOfLevel } from './expanded-size.ts';

/** A condition that refers to an unknown macro, or to itself, or is too large with its macros. */
export class MacroError extends Error {
  readonly span: Span;
  readonly macro: string;
  readonly reason: 'unknown' | 'loop' | 'levels' | 'size';

  constructor(reason: MacroError['reason'], message: string, macro: string, span: Span) {
    super(message);
    this.name = 'MacroError';
    this.reason = reason;
    this.macro = macro;
    this.span = span;
  }
}

/** A condition without references to macros. */
export interface Expanded {
  readonly expression: Expression;
  readonly size: ExpandedSize;
}

/** What a reference finds: the macro's tree as it was written, until it is expanded. */
export type FoundMacro = Expanded | { readonly expression: Expression; readonly size?: undefined };

/**
 * A condition with every macro replaced.
 * @param find a macro that this condition can see
 * @param used is called with every macro that was replaced
 * @throws MacroError with the span of the reference in the condition itself
 */
export function expandMacros(
  condition: Expression,
  find: (name: string) => FoundMacro | undefined,
  used: (name: string) => void,
): Expanded {
  return new Expansion(find, used).expand(condition, { path: [], level: 0, reference: undefined });
}

/** The checks of a macro's own text say that they are from there. */
export function markedAs(macro: string, expression: Expression): Expression {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return { ...expression, children: expression.children.map((child) => markedAs(macro, child)) };
    case 'not':
      return { ...expression, child: markedAs(macro, expression.child) };
    case 'check':
      return { ...expression, macro };
    case 'macro':
      return expression;
  }
}

/** Names of the macros that a condition refers to itself, in order. */
function macrosIn(expression: Expression): string[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.children.flatMap(macrosIn);
    case 'not':
      return macrosIn(expression.child);
    case 'check':
      return [];
    case 'macro':
      return [expression.name];
  }
}

/**
 * The macros by which a condition comes to one of them, which is the last.
 * @param condition as it was written
 * @param find the tree of a macro as it was written
 */
export function pathToMacro(
  macro: string,
  condition: Expression,
  find: (name: string) => Expression | undefined,
): string[] {
  const usedBy = new Map<string, string | undefined>();
  const pending: { name: string; by: string | undefined }[] = [];
  const follow = (expression: Expression, by: string | undefined): void => {
    // The first one is looked at first.
    for (const name of macrosIn(expression).toReversed()) pending.push({ name, by });
  };
  follow(condition, undefined);
  for (let next = pending.pop(); next && !usedBy.has(macro); next = pending.pop()) {
    if (usedBy.has(next.name)) continue;
    usedBy.set(next.name, next.by);
    const expression = find(next.name);
    if (expression) follow(expression, next.name);
  }
  const path = [macro];
  for (let by = usedBy.get(macro); by !== undefined; by = usedBy.get(by)) path.unshift(by);
  return path;
}

interface Place {
  /** The macros that it stands in, if they were not expanded before; outermost first. */
  readonly path: readonly string[];
  readonly level: number;
  /** Where the condition itself refers to the outermost of them; errors are shown there. */
  readonly reference: Span | undefined;
}

class Expansion {
  readonly #find: (name: string) => FoundMacro | undefined;
  readonly #used: (name: string) => void;
  readonly #expanded = new Map<string, Expanded>();

  constructor(find: (name: string) => FoundMacro | undefined, used: (name: string) => void) {
    this.#find = find;
    this.#used = used;
  }

  expand(expression: Expression, place: Place): Expanded {
    switch (expression.kind) {
      case 'and':
      case 'or': {
        const parts = this.#parts(expression.children, place);
        const children = parts.map((part) => part.expression);
        return { expression: { ...expression, children }, size: checkedSize(expression.children, parts, place) };
      }
      case 'not': {
        const part = this.expand(expression.child, this.#below(expression.child, place));
        const size = checkedSize([expression.child], [part], place);
        return { expression: { ...expression, child: part.expression }, size };
      }
      case 'check':
        return { expression, size: sizeOfCheck(expression) };
      case 'macro':
        return this.#macro(expression.name, expression.span, place);
    }
  }

  #parts(children: readonly Expression[], place: Place): Expanded[] {
    return children.map((child) => this.expand(child, this.#below(child, place)));
  }

  #below({ span }: { readonly span: Span }, { path, level, reference }: Place): Place {
    if (level >= MOST_LEVELS) throw tooDeep(path[0], reference ?? span);
    return { path, level: level + 1, reference };
  }

  #macro(name: string, span: Span, { path, level, reference = span }: Place): Expanded {
    if (path.includes(name)) throw new MacroError('loop', `reference loop in macro '${name}'`, name, reference);
    const macro = this.#find(name);
    if (!macro) throw new MacroError('unknown', `Undefined macro '${name}' used in filter.`, name, reference);
    const expanded = macro.size
      ? macro
      : (this.#expanded.get(name) ?? this.#expandMacro(name, macro.expression, { path, level, reference }));
    this.#used(name);
    return expanded;
  }

  #expandMacro(name: string, written: Expression, { path, level, reference }: Place): Expanded {
    const inside = { path: [...path, name], level, reference };
    const expanded = this.expand(written, this.#below(written, inside));
    this.#expanded.set(name, expanded);
    return expanded;
  }
}

/** The size of a level of and, or or not, unless it is too large: then the largest of its parts is shown. */
function checkedSize(
  children: readonly Expression[],
  parts: readonly Expanded[],
  { path, reference }: Place,
): ExpandedSize {
  const size = sizeOfLevel(parts.map((part) => part.size));
  const what = size.levels > MOST_LEVELS ? 'levels' : 'nested';
  if (what === 'nested' && size.nested <= MOST_EXPANDED) return size;
  const most = Math.max(...parts.map((part) => part.size[what]));
  const child = children[parts.findIndex((part) => part.size[what] === most)];
  const macro = path[0] ?? (child?.kind === 'macro' ? child.name : undefined);
  const span = reference ?? child?.span ?? NOWHERE;
  throw what === 'levels' ? tooDeep(macro, span) : tooLarge(macro, span);
}

const NOWHERE: Span = { start: 0, end: 0 };

function tooDeep(macro: string | undefined, span: Span): MacroError {
  return new MacroError('levels', `condition nests more than ${MOST_LEVELS} levels deep`, macro ?? '', span);
}

function tooLarge(macro: string | undefined, span: Span): MacroError {
  const most = number(MOST_EXPANDED);
  const message = `condition has more than ${most} characters with its macros; each level of nesting counts its text again`;
  return new MacroError('size', message, macro ?? '', span);
}
