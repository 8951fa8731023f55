// Event types that the configuration has not captured: rules that could match them see less, or nothing.

import { escapeText } from '../outputs/escape.ts';
import type { RuleModule } from './rule-module.ts';

/** The module as it needs to be known for none of these event types to be captured for it. */
export function withoutEvents(module: RuleModule, leftOut: ReadonlySet<string>): RuleModule {
  if (!module.eventTypes.some((type) => leftOut.has(type))) return module;
  const kept = (types: readonly string[]): string[] => types.filter((type) => !leftOut.has(type));
  const rules = module.rules.map((rule) => ({ ...rule, eventTypes: kept(rule.eventTypes) }));
  return { ...module, eventTypes: kept(module.eventTypes), rules };
}

const MOST_NAMED = 10;

/** What it means for the rules, in sentences for people; none if nothing that they read is left out. */
export function describeLeftOut(modules: readonly RuleModule[], leftOut: ReadonlySet<string>): string[] {
  const rules = modules.flatMap((module) => module.rules);
  const touched = rules.filter(({ eventTypes }) => eventTypes.some((type) => leftOut.has(type)));
  if (touched.length === 0) return [];
  const used = [...leftOut].filter((type) => touched.some(({ eventTypes }) => eventTypes.includes(type)));
  const blind = touched.filter(({ eventTypes }) => eventTypes.every((type) => leftOut.has(type)));
  const partly = touched.filter((rule) => !blind.includes(rule));
  const because = `since ${used.join(', ')} ${used.length === 1 ? 'is' : 'are'} not captured`;
  return [
    ...(blind.length === 0 ? [] : [`these rules never match, ${because}: ${named(blind)}`]),
    ...(partly.length === 0 ? [] : [`these rules see less than they say, ${because}: ${named(partly)}`]),
  ];
}

function named(rules: readonly { readonly name: string }[]): string {
  const names = rules.slice(0, MOST_NAMED).map(({ name }) => `"${escapeText(name)}"`);
  const more = rules.length - names.length;
  return names.join(', ') + (more > 0 ? `, and ${more} more` : '');
}
