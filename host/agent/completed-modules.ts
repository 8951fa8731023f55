// What is added to compiled modules before they are used: fields of their alerts, captures and responses. Event types that the configuration excludes
// from the capture are taken away.

import { type AlertExtras, withExtras } from '../outputs/additions.ts';
import type { AgentOptions, OptionsWithDefaults } from './agent-options.ts';
import { withDetails } from './alerts/alert-details.ts';
import type { NodeCaptures } from './journal/node-captures.ts';
import type { RuleModule } from './modules/rule-module.ts';
import { type ResponseSet, withResponses } from './responses/response-set.ts';
import { describeLeftOut, withoutEvents } from './rules/left-out-events.ts';
import { describeUnknownSessions } from './rules/unknown-sessions.ts';
import type { SourceRules } from './sources/other-source.ts';

/** What is wanted of rules: the modules of all sources, and what their alerts get. */
export interface WantedRules {
  readonly modules: readonly RuleModule[];
  readonly extras: AlertExtras;
  readonly responses: ResponseSet | undefined;
}

/** Returns the modules on system calls. Reports rules that can't match as they are meant to. */
export function captureModules(
  { modules, extras, responses }: WantedRules,
  { other, leftOut, replay, hasDetails, onTrouble }: OptionsWithDefaults,
  captures: NodeCaptures,
  knowsUsers: boolean,
): RuleModule[] {
  const own = modules.filter(({ source }) => source !== other?.source);
  for (const message of describeLeftOut(own, leftOut)) onTrouble(message);
  for (const message of describeUnknownSessions(own, { isReplay: replay !== undefined, knowsUsers }))
    onTrouble(message);
  return own
    .map((module) => withExtraFields(withoutEvents(module, leftOut), extras))
    .map((module) => captures.prepared(module))
    .map((module) => (hasDetails ? withDetails(module) : module))
    .map((module) => (responses ? withResponses(module, responses) : module));
}

/** Returns the modules of the source beside the capture. */
export function otherModules({ modules, extras, responses }: WantedRules, { other }: AgentOptions): SourceRules {
  const own = modules
    .filter(({ source }) => source === other?.source)
    .map((module) => withExtraFields(module, extras))
    .map((module) => (responses ? withResponses(module, responses) : module));
  return { modules: own, guard: responses?.auditGuard };
}

function withExtraFields(module: RuleModule, extras: AlertExtras): RuleModule {
  return { ...module, rules: module.rules.map((rule) => withExtras(rule, extras)) };
}
