// The sources of events that a response can act on: an action on a process needs one, and `unless` reads fields of its own source.

import { EVENT_SOURCES } from '../schema/event-source.ts';
import { isFor, type MatchableRule } from './rule-match.ts';
import { POD_ACTIONS, type Response } from './settings.ts';
import { sourcesOfUnless } from './unless.ts';

/** The facts about a rule that decide which responses act on it. */
export interface SourcedRule extends MatchableRule {
  readonly source: string;
}

/** A reason why a response can't act on alerts of a source. */
interface Obstacle {
  /** Where in its entry. */
  readonly key: 'where' | 'do' | 'unless';
  readonly message: string;
  readonly help: string;
}

/** A response whose rules are all of sources that it can't act on. */
export interface Misplaced extends Obstacle {
  /** Index of the response. */
  readonly response: number;
}

const OTHER_ACTION = `write do: ${[...POD_ACTIONS].join(' or do: ')}, or name rules of source syscall`;
const OTHER_PLACE = 'leave out where: kernel, or name rules of source syscall';

/** Undefined: it can act on them. */
function obstacle({ name, action, where, unless }: Response, source: string): Obstacle | undefined {
  const rules = `the rules that response ${name} is for are of source ${source}`;
  if (source === 'k8s_audit' && where === 'kernel') {
    const message = `${rules}, whose events the kernel does not see: where: kernel is for rules of source syscall`;
    return { key: 'where', message, help: OTHER_PLACE };
  }
  if (source === 'k8s_audit' && !POD_ACTIONS.has(action)) {
    const message = `${rules}, whose events have no process and no container: ${action} is for rules of source syscall`;
    return { key: 'do', message, help: OTHER_ACTION };
  }
  const readable: readonly string[] = unless === undefined ? EVENT_SOURCES : sourcesOfUnless(unless);
  if (readable.includes(source)) return undefined;
  const message = `${rules}, and its \`unless\` reads fields of source ${readable.join(' and ')}`;
  return { key: 'unless', message, help: `write it with fields of ${source}: wasprey list fields --source ${source}` };
}

/** Whether a response acts on the alerts of a rule. */
export function actsOn(response: Response, rule: SourcedRule): boolean {
  return isFor(response.match, rule) && obstacle(response, rule.source) === undefined;
}

/** Responses that are for rules and can act on none of them. */
export function misplacedResponses(responses: readonly Response[], rules: readonly SourcedRule[]): Misplaced[] {
  return responses.flatMap((response, index) => {
    const matched = rules.filter((rule) => isFor(response.match, rule));
    if (matched.some((rule) => actsOn(response, rule))) return [];
    const [first] = matched.flatMap(({ source }) => obstacle(response, source) ?? []);
    return first ? [{ response: index, ...first }] : [];
  });
}
