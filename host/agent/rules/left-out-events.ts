// Event types that the configuration excludes from the capture: rules that could match them see fewer events, or none.

import type { RuleModule } from '../modules/rule-module.ts';
import { namedRules } from '../modules/rule-names.ts';

/** The module without the needs for these event types, so that they are not captured for it. */
export function withoutEvents(module: RuleModule, leftOut: ReadonlySet<string>): RuleModule {
  if (!module.eventTypes.some((type) => leftOut.has(type))) return module;
  const kept = (types: readonly string[]): string[] => types.filter((type) => !leftOut.has(type));
  const rules = module.rules.map((rule) => ({ ...rule, eventTypes: kept(rule.eventTypes) }));
  return { ...module, eventTypes: kept(module.eventTypes), rules };
}

/** The consequences for the rules, as messages for people; empty if no rule reads these types. */
export function describeLeftOut(modules: readonly RuleModule[], leftOut: ReadonlySet<string>): string[] {
  const rules = modules.flatMap((module) => module.rules);
  const touched = rules.filter(({ eventTypes }) => eventTypes.some((type) => leftOut.has(type)));
  if (touched.length === 0) return [];
  const used = [...leftOut].filter((type) => touched.some(({ eventTypes }) => eventTypes.includes(type)));
  const blind = touched.filter(({ eventTypes }) => eventTypes.every((type) => leftOut.has(type)));
  const partly = touched.filter((rule) => !blind.includes(rule));
  const because = `because ${used.join(', ')} ${used.length === 1 ? 'is' : 'are'} not captured`;
  return [
    ...(blind.length === 0 ? [] : [`these rules never match, ${because}: ${namedRules(blind)}`]),
    ...(partly.length === 0 ? [] : [`these rules are blind to some events, ${because}: ${namedRules(partly)}`]),
  ];
}
