// Which of the loaded rules are enabled: by the files, then by the selections of the configuration, in their order.

import type { CompiledRule } from './rule.ts';

/** `{enable: {rule: 'Read *'}}`, `{disable: {tag: 'maturity_sandbox'}}` */
export interface Selection {
  readonly operation: 'enable' | 'disable';
  /** `rule`: a name in which * stands for any text; `tag`: a tag, exactly. */
  readonly by: 'rule' | 'tag';
  readonly pattern: string;
}

/**
 * The enabled rules, in the order of evaluation: definition order, but a rule that a selection enables
 * goes to the end. (With `rule_matching: first` that decides which of several rules is reported.)
 */
export function selectRules(rules: readonly CompiledRule[], selections: readonly Selection[]): CompiledRule[] {
  const on = new Set(rules.filter(({ enabled }) => enabled));
  for (const { operation, by, pattern } of selections) {
    for (const rule of rules) {
      const selected = by === 'tag' ? rule.tags.includes(pattern) : matchesWildcard(pattern, rule.name);
      if (!selected) continue;
      if (operation === 'enable') on.add(rule);
      else on.delete(rule);
    }
  }
  return [...on].map((rule) => (rule.enabled ? rule : { ...rule, enabled: true }));
}

/**
 * Whether a name is the pattern, with * for any text. As in Falco, each part between stars is looked for once, from the
 * left: `*ab` does not match `abab`.
 */
export function matchesWildcard(pattern: string, name: string): boolean {
  const [first = '', ...parts] = pattern.split(/\*+/);
  if (parts.length === 0) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    if (part === '') return true;
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at === name.length;
}
