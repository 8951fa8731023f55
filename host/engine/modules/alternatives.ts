// The numbers that a module passes to match(): those of its rules, or of their alternatives if there are any.

interface AnyModule {
  readonly rules: readonly unknown[];
  readonly alternatives?: readonly { readonly rule: number }[];
}

/** How many there are. */
export function numberOfAlternatives({ rules, alternatives }: AnyModule): number {
  return (alternatives ?? rules).length;
}

/** The number of the rule that one of them stands for. */
export function ruleOf({ alternatives }: Pick<AnyModule, 'alternatives'>, number: number): number {
  return alternatives?.[number]?.rule ?? number;
}
