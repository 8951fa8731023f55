// Responses to alerts: makes the target from the alert, leaves out what `unless` excepts, performs the others, and reports the outcome.

import { escapeText } from '../../diagnostics/escape.ts';
import { messageOf } from '../../diagnostics/system-reason.ts';
import { withinTime } from '../../engine/host/within-time.ts';
import type { MatchToActOn } from '../../engine/messages/match.ts';
import { valueText } from '../../fields/text.ts';
import { decode } from '../../fields/value.ts';
import type { ResponseRecord } from '../../journal/response-log.ts';
import type { KeyedValue } from '../../outputs/message.ts';
import { type Outcome, type Refusal, RefusalError, type Target, type TargetPod } from '../../responses/action.ts';
import type { BoundResponse } from '../../responses/bound-response.ts';
import { enforcedOutcome } from '../../responses/enforced-outcome.ts';
import { outcomeName, outcomeText } from '../../responses/outcome-text.ts';
import type { FindsPods } from '../../responses/pods/requested-pods.ts';
import type { InForce, Responder } from '../../responses/responder.ts';
import type { Response, ResponseMode, ResponseSettings } from '../../responses/settings.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import type { AlertDesk, AlertToRespond } from '../alerts/alert-desk.ts';
import type { RuleInfo } from '../modules/rule-module.ts';
import { requestedPod, requestTarget } from './requested-pod.ts';
import { containerLabel, currentPodLabel, podLabel, TARGET_FIELDS } from './response-set.ts';

export const RESPONSE_FAILURE_RULE = 'Wasprey internal: response failure';
/** What had taken too long for the alert. */
export const RESPONSE_ENDED_RULE = 'Wasprey internal: response ended';

/** How long an alert waits for the outcome of its responses. */
const PATIENCE_MS = 1000;

/** How long the end of the agent waits for what is under way: longer than an alert does. */
const END_MS = 2000;

export interface OutcomeCount {
  readonly response: string;
  readonly action: string;
  /** done, observed, failed, or why it was refused. */
  readonly outcome: string;
  readonly count: number;
}

export interface ResponsesSummary {
  readonly mode: ResponseMode;
  readonly responses: number;
  readonly outcomes: readonly OutcomeCount[];
  /** Absent while there is nothing to report. */
  readonly inForce?: InForce;
}

export interface NodeResponsesHost {
  readonly desk: () => Pick<AlertDesk, 'internal'>;
  /** Absent: nothing can be carried out. */
  readonly responder: Responder | undefined;
  /** Finds the pods of audit events. Absent: nothing can be done about them. */
  readonly pods?: FindsPods | undefined;
  /** Whether a container, by its short id, was given that label: those that its image has brought protect nothing, or every image could. */
  readonly hasOwnLabel: (id: string, key: string, value: string) => boolean;
  /** For the journal. */
  readonly note: (record: ResponseRecord) => void;
  readonly onTrouble: (message: string) => void;
}

export class NodeResponses {
  readonly #host: NodeResponsesHost;
  #settings: ResponseSettings | undefined;
  readonly #counts = new Map<string, OutcomeCount>();
  /** Alerts that wait, and what goes on after its alert was sent. */
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(host: NodeResponsesHost) {
    this.#host = host;
  }

  /** Undefined while there are none. */
  get summary(): ResponsesSummary | undefined {
    const { responses = [], mode = 'observe' } = this.#settings ?? {};
    const inForce = this.#host.responder?.inForce;
    if (responses.length === 0 && this.#counts.size === 0 && !inForce) return undefined;
    const outcomes = [...this.#counts.values()];
    return { mode, responses: responses.length, outcomes, ...(inForce && { inForce }) };
  }

  /** Applies these settings from now on. */
  use(settings: ResponseSettings): void {
    this.#settings = settings;
    this.#host.responder?.use(settings);
  }

  /**
   * Responds to an alert of a rule; false if there is nothing to do.
   * @param send called with what came of it, in little more than a second at the latest
   */
  take(rule: RuleInfo, alert: AlertToRespond, send: (text: string) => void): boolean {
    const { responses = [] } = rule;
    if (responses.length === 0) return false;
    this.#follow(this.#respondAll(rule, responses, alert).then((texts) => send(texts.join('; '))));
    return true;
  }

  /** Resolves when all alerts that waited are sent and no response is under way, or after a time limit: the next agent finishes the rest. */
  async close(): Promise<void> {
    const until = performance.now() + END_MS;
    while (this.#underWay.size > 0 && performance.now() < until) {
      await withinTime(Promise.allSettled(this.#underWay), until - performance.now());
    }
    await this.#host.responder?.close();
  }

  /** One after the other, as they are configured: killing what was to be paused first would leave nothing to pause. */
  async #respondAll(rule: RuleInfo, responses: readonly BoundResponse[], alert: AlertToRespond): Promise<string[]> {
    const until = performance.now() + PATIENCE_MS;
    const texts: string[] = [];
    let before: Promise<unknown> = Promise.resolve();
    for (const bound of responses) {
      const { name } = bound.response;
      const outcome = before.then(() => this.#respond(rule, bound, alert));
      before = outcome;
      const text = outcome.then((result) => outcomeText(name, result));
      const isIn = await withinTime(text, Math.max(until - performance.now(), 0));
      if (isIn) texts.push(await text);
      else {
        texts.push(`${name}: under way`);
        this.#follow(
          text.then((late) =>
            this.#host.desk().internal(RESPONSE_ENDED_RULE, 'Notice', `${RESPONSE_ENDED_RULE}: ${late}`),
          ),
        );
      }
    }
    return texts;
  }

  async #respond(rule: RuleInfo, bound: BoundResponse, alert: AlertToRespond): Promise<Outcome> {
    const { response } = bound;
    const onCall = rule.source === DEFAULT_SOURCE;
    const { target, outcome } = onCall ? await this.#onCall(bound, alert) : await this.#onRequest(bound, alert);
    this.#count(response, outcome);
    this.#note(rule.name, response, target, outcome);
    if (outcome.kind === 'failed') {
      const message = `${RESPONSE_FAILURE_RULE}: ${outcomeText(response.name, outcome)}`;
      // It has names that the process chose.
      this.#host.onTrouble(escapeText(message));
      this.#host.desk().internal(RESPONSE_FAILURE_RULE, 'Critical', message);
    }
    return outcome;
  }

  async #onCall({ response, guard }: BoundResponse, { fields, acts, isIncomplete }: AlertToRespond): Promise<Result> {
    const target = targetOf(fields, acts, isIncomplete, this.#host.hasOwnLabel);
    const outcome =
      enforcedBy(response, acts, target) ??
      refusalOf(acts, guard) ??
      (target ? await this.#act(response, target) : UNKNOWN_PROCESS);
    return { target, outcome };
  }

  async #onRequest({ response, guard }: BoundResponse, { fields, acts }: AlertToRespond): Promise<Result> {
    const excepted = refusalOf(acts, guard);
    if (excepted) return { target: undefined, outcome: excepted };
    const began = performance.now();
    try {
      const requested = requestedPod(fields);
      const { pods } = this.#host;
      if (!pods) throw new Error('no pod can be looked up here');
      const target = requestTarget(await pods.find(requested));
      return { target, outcome: await this.#act(response, target) };
    } catch (error) {
      if (error instanceof RefusalError) return { target: undefined, outcome: refused(error.why, error.message) };
      const milliseconds = performance.now() - began;
      return {
        target: undefined,
        outcome: { kind: 'failed', what: response.action, reason: messageOf(error), milliseconds },
      };
    }
  }

  async #act(response: Response, target: Target): Promise<Outcome> {
    const { responder } = this.#host;
    const failed = (reason: string): Outcome => ({ kind: 'failed', what: response.action, reason, milliseconds: 0 });
    if (!responder) return failed('nothing can be carried out here');
    try {
      return await responder.perform(response, target);
    } catch (error) {
      // It never rejects: a defect must not cost the alert.
      return failed(messageOf(error));
    }
  }

  #count({ name, action }: Response, result: Outcome): void {
    const outcome = outcomeName(result);
    const key = `${outcome} ${name}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { response: name, action, outcome, count });
  }

  #note(rule: string, { name, action }: Response, target: Target | undefined, result: Outcome): void {
    const { pid, container, pod, isRequested } = target ?? {};
    this.#host.note({
      time: Date.now(),
      ...{ rule, response: name, action, outcome: outcomeName(result), text: outcomeText(name, result) },
      ...(pid !== undefined && !isRequested && { pid }),
      ...(container !== undefined && !isRequested && { container }),
      ...(pod && { pod: `${pod.namespace}/${pod.name}` }),
    });
  }

  #follow(work: Promise<unknown>): void {
    const followed = work.finally(() => this.#underWay.delete(followed));
    this.#underWay.add(followed);
  }
}

/** What came of a response, and what it was to act on, if that is known. */
interface Result {
  readonly target: Target | undefined;
  readonly outcome: Outcome;
}

function refused(why: Refusal, detail: string): Outcome {
  return { kind: 'refused', why, detail };
}

/** The outcome for an alert without a target. */
export const UNKNOWN_PROCESS = refused('incomplete', 'the process of the event is not known');

/** The outcome of a response of the kernel: it has acted, or not, when the alert comes. */
function enforcedBy(
  { where, action }: Response,
  acts: MatchToActOn | undefined,
  target: Target | undefined,
): Outcome | undefined {
  if (where !== 'kernel') return undefined;
  const process = { pid: target?.pid ?? 0, executable: target?.executable ?? '' };
  return enforcedOutcome(acts?.enforced ?? 0, process, action === 'kill_process');
}

/** What `unless` says. */
export function refusalOf(acts: MatchToActOn | undefined, guard: number | undefined): Outcome | undefined {
  if (guard === undefined) return undefined;
  if (!acts || acts.undecided.includes(guard)) return refused('incomplete', 'what `unless` reads is not known');
  return acts.holding.includes(guard) ? refused('excepted', '`unless` holds') : undefined;
}

/** Undefined if the event's process is unknown. */
export function targetOf(
  fields: readonly KeyedValue[],
  acts: MatchToActOn | undefined,
  isIncomplete: boolean,
  hasOwnLabel: NodeResponsesHost['hasOwnLabel'],
): Target | undefined {
  if (!acts?.process) return undefined;
  const texts = new Map(fields.flatMap(({ key, value }) => (value ? [[key, decode(valueText(value))] as const] : [])));
  const text = (key: string): string => texts.get(key) ?? '';
  const id = text(TARGET_FIELDS.shortId);
  const isHost = id === 'host';
  return {
    ...acts.process,
    executable: text(TARGET_FIELDS.executable),
    container: isHost ? '' : text(TARGET_FIELDS.container),
    containerName: isHost ? '' : text(TARGET_FIELDS.containerName),
    labels: new Map([...labelsIn(texts, containerLabel(''))].filter(([key, value]) => hasOwnLabel(id, key, value))),
    pod: podOf(texts),
    isIncomplete,
  };
}

function podOf(texts: ReadonlyMap<string, string>): TargetPod | undefined {
  const [namespace, name] = [texts.get(TARGET_FIELDS.namespace), texts.get(TARGET_FIELDS.pod)];
  if (namespace === undefined || name === undefined) return undefined;
  return {
    namespace,
    name,
    uid: texts.get(TARGET_FIELDS.podUid) ?? '',
    labels: new Map([...labelsIn(texts, podLabel('')), ...labelsIn(texts, currentPodLabel(''))]),
  };
}

/** @param form a field of such labels, with an empty key */
function labelsIn(texts: ReadonlyMap<string, string>, form: string): Map<string, string> {
  const [before] = form.split(']');
  return new Map(
    [...texts].flatMap(([field, value]) =>
      before !== undefined && field.startsWith(before) ? [[field.slice(before.length, -1), value] as const] : [],
    ),
  );
}
