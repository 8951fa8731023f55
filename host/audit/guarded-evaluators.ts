// Several modules of rules, evaluated on each event in their order; and of what matches, the guards of its responses.

import { ruleReads } from '../agent/alerts/alert-desk.ts';
import type { SourceRules } from '../agent/sources/other-source.ts';
import type { ReadContext } from '../fields/context.ts';
import {
  type AuditEvaluation,
  AuditEvaluator,
  type AuditMatch,
  type AuditModule,
  type EvaluatesEvents,
  type GuardsOfMatch,
} from './evaluator.ts';
import type { FoundEvent } from './events/find-events.ts';
import type { JsonValues } from './json/values.ts';

/** Rules as they are evaluated. */
export interface EvaluatedRules {
  readonly modules: readonly GuardedModule[];
  /** The guards of all of them. Absent: there are none. */
  readonly guard?: AuditModule;
}

export interface GuardedModule extends AuditModule {
  /** For each rule the numbers of the guards of its responses. */
  readonly guards: readonly (readonly number[])[];
}

export interface TimedMatch extends AuditMatch {
  readonly time: bigint;
}

export function evaluatedRules({ modules, guard }: SourceRules): EvaluatedRules {
  const guarded = modules.map(({ verified, auditValues, rules }): GuardedModule => {
    const reads = rules.map((rule) => ruleReads(rule));
    return {
      ...{ verified, auditValues },
      fields: reads.map(({ fields }) => fields),
      guards: reads.map(({ guards = [] }) => guards),
    };
  });
  if (!guard) return { modules: guarded };
  const { verified, auditValues, rules } = guard;
  // Nothing is read of the event but whether they hold.
  return { modules: guarded, guard: { verified, auditValues, fields: rules.map(() => []) } };
}

/** The match as a desk takes it. */
export function matchOf(generation: number, { guards, ...match }: TimedMatch) {
  return { generation, ...match, ...(guards && { acts: { ...guards, enforced: 0 } }) };
}

export class GuardedEvaluators implements EvaluatesEvents {
  readonly #modules: readonly { readonly evaluator: AuditEvaluator; readonly guards: GuardedModule['guards'] }[];
  readonly #guard: AuditEvaluator | undefined;

  /** @throws SandboxError, RuleModuleError */
  constructor(modules: readonly GuardedModule[], guard?: AuditModule) {
    this.#modules = modules.map((module, number) => ({
      evaluator: new AuditEvaluator(module, number),
      guards: module.guards,
    }));
    this.#guard = guard && new AuditEvaluator(guard);
  }

  evaluate(values: JsonValues, event: FoundEvent, context: ReadContext, mostMatches: number): AuditEvaluation {
    const matches: AuditMatch[] = [];
    let failure: AuditEvaluation['failure'];
    let decided: Decided | undefined;
    for (const { evaluator, guards } of this.#modules) {
      if (matches.length >= mostMatches) break;
      try {
        const result = evaluator.evaluate(values, event, context, mostMatches - matches.length);
        for (const match of result.matches) {
          const own = guards[match.rule] ?? [];
          if (own.length === 0) matches.push(match);
          else {
            decided ??= this.#decide(values, event, context);
            matches.push({ ...match, guards: ofRule(decided, own) });
          }
        }
        failure ??= result.failure;
      } catch (error) {
        // A defect here must not end the evaluation of the events behind.
        failure ??= { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
      }
    }
    return failure ? { matches, failure } : { matches };
  }

  /** All guards. */
  #decide(values: JsonValues, event: FoundEvent, context: ReadContext): Decided {
    try {
      const result = this.#guard?.evaluate(values, event, context, Number.POSITIVE_INFINITY);
      const isWhole = result !== undefined && result.failure === undefined;
      return { holding: new Set(result?.matches.map(({ rule }) => rule)), isWhole };
    } catch {
      return { holding: new Set(), isWhole: false };
    }
  }
}

interface Decided {
  readonly holding: ReadonlySet<number>;
  /** Otherwise nothing is known of those that do not hold. */
  readonly isWhole: boolean;
}

function ofRule({ holding, isWhole }: Decided, guards: readonly number[]): GuardsOfMatch {
  return {
    holding: guards.filter((guard) => holding.has(guard)),
    undecided: isWhole ? [] : guards.filter((guard) => !holding.has(guard)),
  };
}
