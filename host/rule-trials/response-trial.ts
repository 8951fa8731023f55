// The responses of a configuration, tried on the alerts of a backtest.

import { refusalOf, targetOf, UNKNOWN_PROCESS } from '../agent/responses/node-responses.ts';
import { requestedPod, requestTarget } from '../agent/responses/requested-pod.ts';
import { planRule, type RulePlan } from '../engine/match-reading/match-reader.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { Shares } from '../journal/backtest/figures.ts';
import type { OriginatedMatch } from '../journal/backtest/origin.ts';
import type { TriedRule } from '../journal/backtest/tried-rules.ts';
import { type Outcome, RefusalError } from '../responses/action.ts';
import type { BoundResponse } from '../responses/bound-response.ts';
import { DryRun } from '../responses/dry-run.ts';
import { outcomeName } from '../responses/outcome-text.ts';
import type { Response, ResponseSettings } from '../responses/settings.ts';
import type { AuditAlert } from './audit-history.ts';

/** What each rule's alerts would be followed by. */
export type ResponsesOf = ReadonlyMap<TriedRule, readonly BoundResponse[]>;

/** What a response would have done. */
export class ResponseFigures {
  readonly response: Response;
  alerts = 0;
  acted = 0;
  /** Where it would have acted, and on alerts of which rules. */
  readonly places = new Shares();
  readonly rules = new Shares();
  /** Why it would not have, by the reason. */
  readonly refused = new Map<string, number>();
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;

  constructor(response: Response) {
    this.response = response;
  }

  /** @param time ms since the epoch */
  add(outcome: Outcome, rule: string, place: string, time: number): void {
    this.alerts++;
    if (outcome.kind === 'refused') {
      const name = outcomeName(outcome);
      this.refused.set(name, (this.refused.get(name) ?? 0) + 1);
      return;
    }
    this.acted++;
    this.places.add(place);
    this.rules.add(rule);
    this.first = Math.min(this.first, time);
    this.last = Math.max(this.last, time);
  }
}

export class ResponseTrial {
  readonly settings: ResponseSettings;
  readonly #responsesOf: ResponsesOf;
  readonly #dryRun: DryRun;
  /** A dry run of requests, which are tried by themselves: their time begins anew. */
  readonly #requests: DryRun;
  #latestRequest = Number.NEGATIVE_INFINITY;
  readonly #figures: ReadonlyMap<Response, ResponseFigures>;
  readonly #plans = new Map<TriedRule, RulePlan>();

  constructor(settings: ResponseSettings, responsesOf: ResponsesOf) {
    this.settings = settings;
    this.#responsesOf = responsesOf;
    this.#dryRun = new DryRun(settings);
    this.#requests = new DryRun(settings);
    // What the kernel enforces happens before there is an alert.
    const onHost = settings.responses.filter(({ where }) => where === 'host');
    this.#figures = new Map(onHost.map((response) => [response, new ResponseFigures(response)]));
  }

  /** Figures by response, in their order. */
  get figures(): readonly ResponseFigures[] {
    return [...this.#figures.values()];
  }

  /** A match of a rule. Its record is valid during the call. */
  take(rule: TriedRule, match: OriginatedMatch): void {
    const responses = (this.#responsesOf.get(rule) ?? []).filter(({ response }) => this.#figures.has(response));
    if (responses.length === 0) return;
    const time = Number(match.record.time / NANOSECONDS_PER_MS);
    const { set, event, view } = match;
    const acts = set.toActOn(event, view, rule.reads.guards ?? []);
    const container = match.record.image?.container;
    const hasOwnLabel = (_: string, key: string, value: string) => container?.mayHaveOwnLabel(key, value) ?? true;
    const target = targetOf(this.#fields(rule, match), acts, this.#lacksMetadata(match), hasOwnLabel);
    for (const bound of responses) {
      const outcome = refusalOf(acts, bound.guard) ?? (target ? this.#perform(bound, target, time) : UNKNOWN_PROCESS);
      this.#figures.get(bound.response)?.add(outcome, rule.name, match.origin.place, time);
    }
  }

  /** An alert of a rule on audit events. */
  takeRequest({ rule, time, place, fields, acts }: AuditAlert): void {
    // Events of one API server come nearly in order.
    this.#latestRequest = Math.max(this.#latestRequest, time);
    for (const { response, guard } of rule.responses ?? []) {
      const outcome = refusalOf(acts, guard) ?? this.#onRequest(response, fields);
      this.#figures.get(response)?.add(outcome, rule.name, place, time);
    }
  }

  /** What only the API server has is left out: whether the pod was still there, and its labels. */
  #onRequest(response: Response, fields: AuditAlert['fields']): Outcome {
    try {
      const { namespace, name, uid = `${namespace}/${name}` } = requestedPod(fields);
      const target = requestTarget({ namespace, name, uid, labels: new Map() });
      return this.#requests.perform(response, target, this.#latestRequest);
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return { kind: 'refused', why: error.why, detail: error.message };
    }
  }

  #perform({ response }: BoundResponse, target: Parameters<DryRun['perform']>[1], time: number): Outcome {
    return this.#dryRun.perform(response, target, time);
  }

  /** Whether it is not known what `never` says of the container. */
  #lacksMetadata({ record }: OriginatedMatch): boolean {
    const container = record.image?.container;
    if (!container || container.isPending || container.isFailed) return true;
    return [...this.settings.never.labels].some(([key, value]) => container.hasOwnLabel(key, value) === undefined);
  }

  #fields(rule: TriedRule, { reader, view }: OriginatedMatch) {
    const plan = this.#plans.get(rule) ?? planRule(rule.reads);
    this.#plans.set(rule, plan);
    const values = reader.read(plan, view, () => undefined)?.values ?? [];
    return rule.reads.fields.map((key, index) => ({ key, value: values[index] }));
  }
}
