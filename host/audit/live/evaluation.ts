// The host's side of the thread that evaluates audit events: gives it rules and texts, makes alerts of its matches, and starts it again if it ends.

import { Worker } from 'node:worker_threads';
import { AlertDesk, type DeskOptions } from '../../agent/alerts/alert-desk.ts';
import { type RuleModule, RuleModuleError } from '../../agent/modules/rule-module.ts';
import type { PreparedRules, ReasonCount, SourceRules } from '../../agent/sources/other-source.ts';
import type { Output } from '../../outputs/output.ts';
import type { PodRequestSink } from '../../sessions/pod-request-facts.ts';
import { entryFile } from '../../setup/entries.mjs';
import type { RefusalKind } from '../event-stream.ts';
import { evaluatedRules, matchOf } from '../guarded-evaluators.ts';
import { NO_CONTAINERS } from '../replay.ts';
import { EvaluationInterrupted } from './interrupted.ts';
import { LossWatch } from './loss-watch.ts';
import type {
  AuditText,
  EvaluatedEvents,
  EvaluationSettings,
  FromEvaluation,
  TextOutcome,
  ToEvaluation,
} from './protocol.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** Evaluating the texts that wait at a stop. */
const STOP_MS = 4_000;

/** What is dropped so was not read: requests to enter pods may be among it. */
const HIDING: ReadonlySet<RefusalKind> = new Set<RefusalKind>(['not-json', 'not-gzip', 'too-large', 'failed']);

export interface EvaluationOptions extends Omit<EvaluationSettings, 'namesPodRequests' | 'sendsEvents'> {
  readonly namesModules: boolean;
  /** Gets events of requests to enter pods. Default: they are not looked for. */
  readonly podRequests?: PodRequestSink | undefined;
  /** Default: nothing is done about alerts. */
  readonly respond?: DeskOptions['respond'];
  /** Gets all events, to keep them. Default: they stay in the thread. */
  readonly keep?: KeepsEvents | undefined;
  /** What the thread runs; for tests. */
  readonly entry?: URL | string;
  /** Called with a message for people. */
  readonly onTrouble: (message: string) => void;
}

export interface KeepsEvents {
  add(events: EvaluatedEvents): void;
  /** So many will not come. */
  leaveOut(events: number): void;
}

interface WaitingText {
  readonly resolve: (outcome: TextOutcome) => void;
  readonly reject: (error: EvaluationInterrupted) => void;
}

interface Loaded {
  readonly generation: number;
  readonly rules: SourceRules;
}

export class AuditEvaluation {
  readonly desk: AlertDesk;
  readonly #options: EvaluationOptions;
  #worker: Worker | undefined;
  #failure: string | undefined;
  #delay = FIRST_DELAY_MS;
  #again: NodeJS.Timeout | undefined;
  #stopped = false;
  #inUse: Loaded = { generation: -1, rules: { modules: [] } };
  #lastGiven = -1;
  /** In the order in which the thread answers. */
  #texts: WaitingText[] = [];
  readonly #preparing = new Map<number, (error: string | undefined) => void>();
  readonly #dropped = new Map<RefusalKind, number>();
  #received = 0;
  #evaluated = 0;
  #duplicates = 0;
  #matchesDropped = 0;
  readonly #losses: LossWatch;
  #keep: EvaluationOptions['keep'];
  /** Evaluated events that are to be kept and are still in the thread. */
  #unsent = 0;

  constructor(options: EvaluationOptions, outputs: Pick<Output, 'write'>) {
    const { hostname, namesModules, respond } = options;
    this.#options = options;
    this.#keep = options.keep;
    this.desk = new AlertDesk(outputs, NO_CONTAINERS, {
      ...{ hostname, patience: 0, namesModules },
      ...(respond && { respond }),
    });
    this.#losses = new LossWatch(this.desk);
  }

  /** Rejects with RuleModuleError. */
  async start(rules: SourceRules): Promise<void> {
    this.#begin();
    try {
      (await this.prepare(rules)).use();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  get modules(): readonly RuleModule[] {
    return this.#inUse.rules.modules;
  }

  /** Why nothing is evaluated now. */
  get failure(): string | undefined {
    return this.#failure;
  }

  get counters() {
    return {
      received: this.#received,
      evaluated: this.#evaluated,
      duplicates: this.#duplicates,
      dropped: [...this.#dropped].map(([reason, count]): ReasonCount => ({ reason, count })),
      matchesDropped: this.#matchesDropped,
    };
  }

  /** Loads rules beside those in use. Rejects with RuleModuleError. */
  async prepare(rules: SourceRules): Promise<PreparedRules> {
    const generation = ++this.#lastGiven;
    const worker = this.#worker;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#preparing.set(generation, resolve);
    this.#post({ kind: 'prepare', generation, ...evaluatedRules(rules) });
    const error = this.#worker ? await promise : 'no audit events are evaluated now';
    this.#preparing.delete(generation);
    if (error !== undefined) throw new RuleModuleError('MODULE_BAD_MANIFEST', error);
    return {
      use: () => {
        this.desk.use(generation, rules.modules);
        this.#inUse = { generation, rules };
        // A thread that was started since then does not have them; one that is being started gets them.
        if (this.#worker === worker) this.#post({ kind: 'use', generation });
        else if (this.#failure === undefined) void this.#loadRules();
      },
      discard: () => this.#post({ kind: 'discard', generation }),
    };
  }

  /**
   * Resolves when the text is evaluated. Rejects with EvaluationInterrupted.
   * @param text whose bytes go to the thread, with all of their buffer
   */
  evaluate(text: AuditText): Promise<TextOutcome> {
    const worker = this.#worker;
    // A thread that is being started has no rules yet, and would evaluate the events by none.
    if (!worker || this.#stopped || this.#failure !== undefined) {
      return Promise.reject(new EvaluationInterrupted(this.#failure ?? 'it is stopping', false));
    }
    return new Promise((resolve, reject) => {
      this.#texts.push({ resolve, reject });
      const message: ToEvaluation = { kind: 'text', ...text };
      worker.postMessage(message, [text.bytes.buffer]);
    });
  }

  /** Counts what could not even be given to the thread. */
  drop(kind: RefusalKind, count = 1): void {
    this.#received += count;
    this.#countDropped([[kind, count]]);
  }

  /** Gives events to another from now on; undefined: to nobody. */
  keepBy(keep: EvaluationOptions['keep']): void {
    this.#keep = keep;
    this.#post({ kind: 'send-events', isOn: keep !== undefined });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#again);
    const worker = this.#worker;
    if (worker) await this.#end(worker);
    this.#losses.finish();
    this.desk.close();
  }

  async #end(worker: Worker): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, STOP_MS);
    const isBusy = this.#texts.length > 0 || this.#keep !== undefined;
    const answered = new Promise<void>((done) => {
      if (!isBusy) done();
      else this.#texts.push({ resolve: () => done(), reject: () => done() });
    });
    // An empty text is answered behind all others, and behind events that are to be kept.
    this.#post({ kind: 'flush' });
    if (isBusy) this.#post({ kind: 'text', form: 'lines', bytes: new Uint8Array(0) });
    await Promise.race([answered, late]);
    clearTimeout(timer);
    this.#worker = undefined;
    await worker.terminate();
    this.#interrupt('it has stopped');
  }

  #begin(): void {
    const { hostname, isoTime, ruleMatching, podRequests, entry = entryFile('auditEvaluation') } = this.#options;
    const namesPodRequests = podRequests !== undefined;
    const settings: EvaluationSettings = {
      ...{ hostname, isoTime, ruleMatching, namesPodRequests },
      sendsEvents: this.#keep !== undefined,
    };
    const worker = new Worker(entry, { workerData: settings, name: 'wasprey-audit' });
    let reason = 'it has ended';
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('message', (message: FromEvaluation) => this.#take(message));
    worker.once('exit', () => {
      if (this.#worker === worker) this.#ended(reason);
    });
    this.#worker = worker;
  }

  #post(message: ToEvaluation): void {
    this.#worker?.postMessage(message);
  }

  #take(message: FromEvaluation): void {
    switch (message.kind) {
      case 'prepared':
        this.#preparing.get(message.generation)?.(message.error);
        return;
      case 'used':
        this.desk.retireBefore(message.generation);
        return;
      case 'matches':
        for (const match of message.matches) this.desk.take(matchOf(message.generation, match));
        return;
      case 'pod-requests':
        for (const event of message.events) this.#options.podRequests?.take(event);
        return;
      case 'events':
        this.#unsent = 0;
        this.#keep?.add(message.block);
        return;
      case 'taken': {
        const { outcome, matchesDropped, unsent } = message;
        this.#unsent = unsent;
        this.#received += outcome.received;
        this.#evaluated += outcome.evaluated;
        this.#duplicates += outcome.duplicates;
        this.#matchesDropped += matchesDropped;
        this.#countDropped(outcome.dropped);
        if (matchesDropped > 0) this.#losses.add([['matches', matchesDropped]]);
        this.#delay = FIRST_DELAY_MS;
        this.#texts.shift()?.resolve(outcome);
      }
    }
  }

  #countDropped(dropped: TextOutcome['dropped']): void {
    for (const [kind, count] of dropped) this.#dropped.set(kind, (this.#dropped.get(kind) ?? 0) + count);
    if (dropped.length === 0) return;
    this.#losses.add(dropped);
    if (dropped.some(([kind]) => HIDING.has(kind))) this.#options.podRequests?.missed();
  }

  /** The thread has ended by itself. */
  #ended(reason: string): void {
    this.#worker = undefined;
    this.#failure = `audit events are not evaluated: ${reason}`;
    this.#interrupt(reason);
    if (this.#stopped) return;
    this.#options.onTrouble(`${this.#failure}; it is tried again in ${this.#delay / 1000} s`);
    this.#again = setTimeout(() => {
      this.#begin();
      void this.#loadRules();
    }, this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
  }

  /** Loads the rules in use into a thread that was started again. */
  async #loadRules(): Promise<void> {
    const { rules } = this.#inUse;
    try {
      const prepared = await this.prepare(rules);
      // Others may have come into use meanwhile.
      if (this.#inUse.rules !== rules) return await this.#loadRules();
      prepared.use();
      this.#failure = undefined;
    } catch {
      // Its end is reported, and it is started again.
      await this.#worker?.terminate();
    }
  }

  #interrupt(reason: string): void {
    const [texts, preparing] = [this.#texts, [...this.#preparing.values()]];
    this.#texts = [];
    this.#preparing.clear();
    if (this.#unsent > 0) this.#keep?.leaveOut(this.#unsent);
    this.#unsent = 0;
    for (const { reject } of texts) reject(new EvaluationInterrupted(reason, true));
    for (const answer of preparing) answer(reason);
  }
}
