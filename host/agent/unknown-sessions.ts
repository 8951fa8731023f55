// Rules with conditions on the exec session, on an agent that does not learn whose sessions are: their fields are always absent.

import type { RuleModule } from './rule-module.ts';
import { namedRules } from './rule-names.ts';

/** The consequences for the rules, as a message for people; undefined if there are no such rules. */
export function describeUnknownSessions(modules: readonly RuleModule[], isReplay: boolean): string | undefined {
  const rules = modules.flatMap((module) => module.rules.filter(({ readsSession }) => readsSession));
  if (rules.length === 0) return undefined;
  const reason = isReplay
    ? 'a recording does not have them'
    : 'requests to enter pods come neither by `sources.k8s_audit` nor by `sessions.receiver`';
  return `fields of exec sessions (k8s.user.name and the like) are absent for these rules, because ${reason}: ${namedRules(rules)}`;
}
