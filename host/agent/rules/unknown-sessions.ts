// Finds rules on sessions that this agent can't decide, because it does not receive the requests to enter pods: their fields are always absent.

import { isOfSshPeer } from '../../schema/fields/session.ts';
import type { RuleInfo, RuleModule } from '../modules/rule-module.ts';
import { namedRules } from '../modules/rule-names.ts';

/** The consequences for the rules, as messages for people. @param knowsUsers whether it learns whose exec sessions are */
export function describeUnknownSessions(
  modules: readonly RuleModule[],
  { isReplay, knowsUsers }: { readonly isReplay: boolean; readonly knowsUsers: boolean },
): readonly string[] {
  const rules = modules.flatMap((module) => module.rules);
  const reason = isReplay
    ? 'a recording does not have them'
    : 'requests to enter pods come neither by `sources.k8s_audit` nor by `sessions.receiver`';
  const ofUsers = knowsUsers ? [] : rules.filter(({ readsSession }) => readsSession);
  const ofPeers = isReplay ? rules.filter(({ fields }) => fields.some(isOfSshPeer)) : [];
  return [
    ...absent('fields of exec sessions (k8s.user.name and the like)', ofUsers, reason),
    ...absent('session.source, session.ip and session.net', ofPeers, 'a recording does not have them'),
  ];
}

function absent(fields: string, rules: readonly RuleInfo[], reason: string): readonly string[] {
  return rules.length === 0 ? [] : [`${fields} are absent for these rules, because ${reason}: ${namedRules(rules)}`];
}
