// Which rules a response is for, and what a person most likely misspelt when it is for none.

import { nearest } from '../diagnostics/suggest.ts';
import { PRIORITIES, type Priority } from '../schema/priority.ts';
import type { Response, ResponseMatch } from './settings.ts';

/** The facts about a rule that decide which responses are for it. */
export interface MatchableRule {
  readonly name: string;
  readonly tags: readonly string[];
  readonly priority: Priority;
}

/** Whether a response is for the alerts of a rule: they meet each member that is there. */
export function isFor({ rules, tags, priority }: ResponseMatch, rule: MatchableRule): boolean {
  return (
    (rules === undefined || rules.some((pattern) => isNamed(pattern, rule.name))) &&
    (tags === undefined || tags.some((tag) => rule.tags.includes(tag))) &&
    (priority === undefined || PRIORITIES.indexOf(rule.priority) <= PRIORITIES.indexOf(priority))
  );
}

/** Whether a name is the pattern, with `*` for any text and `?` for one character. */
export function isNamed(pattern: string, name: string): boolean {
  const [wanted, given] = [[...pattern], [...name]];
  let at = 0;
  /** Where the last star is in the pattern, and from where the text after it was tried in the name. */
  let star = -1;
  let tried = 0;
  for (let index = 0; index < given.length; ) {
    if (wanted[at] === '*') {
      star = at++;
      tried = index;
    } else if (wanted[at] === '?' || (at < wanted.length && wanted[at] === given[index])) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++tried;
    } else return false;
  }
  while (wanted[at] === '*') at++;
  return at === wanted.length;
}

/** A part of a response that no loaded rule meets. */
export interface Unmet {
  /** Index of the response. */
  readonly response: number;
  /** Where in its entry: `match.rules[0]`. */
  readonly key: string;
  readonly message: string;
  readonly help?: string;
}

/** Patterns and tags that no rule has, and responses that are for no rule though each of their parts is met. */
export function unmetParts(responses: readonly Response[], rules: readonly MatchableRule[]): Unmet[] {
  const names = rules.map(({ name }) => name);
  const known = [...new Set(rules.flatMap(({ tags }) => tags))];
  return responses.flatMap(({ name, match }, response) => {
    const patterns = (match.rules ?? []).flatMap((pattern, index): Unmet[] => {
      if (names.some((rule) => isNamed(pattern, rule))) return [];
      const key = `match.rules[${index}]`;
      return [{ response, key, message: `no loaded rule is named ${pattern}`, ...meant(pattern, names) }];
    });
    const tags = (match.tags ?? []).flatMap((tag, index): Unmet[] => {
      if (known.includes(tag)) return [];
      return [
        { response, key: `match.tags[${index}]`, message: `no loaded rule has the tag ${tag}`, ...meant(tag, known) },
      ];
    });
    const parts = [...patterns, ...tags];
    if (parts.length > 0 || rules.some((rule) => isFor(match, rule))) return parts;
    const help = 'a rule must meet all of rules, tags and priority';
    return [{ response, key: 'match', message: `response ${name} is for no loaded rule`, help }];
  });
}

function meant(written: string, known: readonly string[]): { readonly help?: string } {
  const near = nearest(written, known) ?? nearest(written.replaceAll(/[*?]/g, ''), known);
  return near === undefined ? {} : { help: `did you mean ${near}?` };
}
