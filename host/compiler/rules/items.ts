// What rule files define, before lists, macros and exceptions are resolved.

import type { Context } from '../../diagnostics/diagnostic.ts';
import type { Priority } from '../../schema/priority.ts';
import type { MappedText } from './mapped-text.ts';

interface ItemBase {
  readonly name: string;
  /** Where it was defined (of an appended item: first defined). */
  readonly context: Context;
}

export interface ListItem extends ItemBase {
  readonly items: readonly string[];
}

export interface MacroItem extends ItemBase {
  readonly condition: MappedText;
  readonly conditionContext: Context;
}

/** One value of an exception's `fields`, `comps` or `values`: a scalar, or a list of them. */
export type ExceptionEntry =
  | { readonly kind: 'scalar'; readonly text: MappedText }
  | { readonly kind: 'list'; readonly items: readonly ExceptionEntry[] };

export interface ExceptionItem {
  readonly name: string;
  readonly context: Context;
  readonly fields?: ExceptionEntry;
  readonly comparisons?: ExceptionEntry;
  readonly values: readonly ExceptionEntry[];
}

export interface RuleItem extends ItemBase {
  readonly description: string;
  readonly condition: MappedText;
  readonly conditionContext: Context;
  readonly output: MappedText;
  readonly outputContext: Context;
  readonly priority: Priority;
  readonly source: string;
  readonly enabled: boolean;
  readonly warnEventTypes: boolean;
  readonly skipIfUnknownFilter: boolean;
  readonly tags: ReadonlySet<string>;
  readonly exceptions: readonly ExceptionItem[];
  readonly capture: boolean;
  /** Milliseconds; 0 = as configured for all. */
  readonly captureDuration: number;
}

/** Keys of a rule that an override, or the old `append: true`, changes. */
export type RuleChange = Partial<
  Omit<RuleItem, 'name' | 'context' | 'conditionContext' | 'outputContext' | 'source'>
> & {
  readonly conditionContext?: Context;
  readonly outputContext?: Context;
};

/** The engine version of Falco that is implemented, which rule files may require. */
export const ENGINE_VERSION = { major: 0, minor: 63, patch: 0 } as const;

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

export function printVersion({ major, minor, patch }: Version): string {
  return `${major}.${minor}.${patch}`;
}
