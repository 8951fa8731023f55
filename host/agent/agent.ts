// The agent: the engine with capture and rules, metadata from the runtimes, alerts to the outputs. `wasprey run` starts it.

import type { Engine, EngineSign } from '../engine/engine.ts';
import { withinTime } from '../engine/host/within-time.ts';
import type { AuditStoreSettings } from '../journal/audit/audit-store.ts';
import type { AlertExtras } from '../outputs/additions.ts';
import type { KeyedValue } from '../outputs/message.ts';
import type { Output } from '../outputs/output.ts';
import type { Priority } from '../schema/priority.ts';
import type { AgentOptions } from './agent-options.ts';
import { AgentParts } from './agent-parts.ts';
import type { JournalOptions } from './journal/node-journal.ts';
import { MemoryTrim } from './memory-trim.ts';
import type { RuleModule } from './modules/rule-module.ts';
import type { ResponseSet } from './responses/response-set.ts';
import { startEngine } from './start-engine.ts';
import type { Summary } from './summary.ts';
import type { HookSummary } from './watches/hook-watch.ts';
import type { ImageSummary } from './watches/image-watch.ts';

/** How long outputs may write queued alerts at the end, by default. */
const OUTPUT_CLOSE_MS = 500;
const REQUESTS_STOP_MS = 1_000;

export interface Agent {
  /** The numbers so far. */
  summary(): Summary;
  /** The modules in use, in their order, those of the source beside the capture last. */
  modules(): readonly RuleModule[];
  /** Whether the engine is alive. */
  sign(): EngineSign;
  /** Hooks that the kernel lacks, and rules that are blind without them. */
  hooks(): HookSummary;
  /** Errors of what was left out of the rules in use, each as one line. */
  leftOut(): readonly string[];
  /** Why events of the source beside the capture are not evaluated, or not received, now. */
  otherFailures(): readonly string[];
  /** Process images that were lost. */
  images(): ImageSummary;
  /**
   * Replaces the rules; metadata and counters are kept. Rejects with EngineError or RuleModuleError: the previous rules stay in use.
   * @param extras what is added to their alerts; default: as at the start
   * @param responses what is done about these; default: as before
   */
  replaceRules(modules: readonly RuleModule[], extras?: AlertExtras, responses?: ResponseSet): Promise<void>;
  /**
   * Replaces the outputs of those names, which are closed. Resolves when alerts have reached the new ones, to the number of outputs.
   */
  replaceOutputs(names: ReadonlySet<string>, outputs: readonly Output[]): Promise<number>;
  /** Applies other options of the journal; undefined: it is off. Rejects with EngineError. Calls must not overlap. */
  setJournal(options: JournalOptions | undefined): Promise<void>;
  /** Applies other options of the journal of audit events, if the agent receives any; undefined: it is off. Never rejects. */
  setAuditJournal(settings: AuditStoreSettings | undefined): Promise<void>;
  /** Reopens files that were moved away. */
  reopenOutputs(): void;
  /** The output of that name reports a failure: alerts the others, at a limited rate. */
  outputFailed(name: string, message: string): void;
  /**
   * Reports that a replacement (of rules, for example) was refused: raises an internal alert, and counts it.
   * @param from its source; default: the rules that the agent reads itself
   */
  rulesFailed(reason: string, from?: string): void;
  /** The refused rules are gone; the rules in use are the wanted ones. */
  rulesRestored(from?: string): void;
  /** Reports that the rules in use are not all that were wanted, until they are replaced. @param errors each is one line */
  rulesLeftOut(errors: readonly string[]): void;
  /** The handle of its capture, for calls of the addon. */
  readonly capture: number;
  /** Raises an internal alert, for a failure outside of the agent's parts. */
  raiseInternal(rule: string, priority: Priority, message: string, fields?: readonly KeyedValue[]): void;
  /**
   * Evaluates pending events, writes queued alerts, and returns the final numbers. Can be called again. Evaluation takes at most four
   * seconds, far less if the machine is not overloaded; the outputs have their own time limit.
   */
  stop(): Promise<Summary>;
}

/** Resolves when events are being captured. Rejects with EngineError, or with what keeps the other source from its start; outputs are closed then. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const parts = new AgentParts(options);
  // A recording has the metadata of its containers.
  if (!options.replay && options.source !== 'none') parts.directory.start();
  try {
    parts.engine = await startEngine(parts);
    await parts.startOther();
  } catch (error) {
    await parts.engine?.stop();
    parts.engine?.release();
    parts.directory.close();
    await closeOutputs(parts);
    throw error;
  }
  return new RunningAgent(parts, parts.engine);
}

class RunningAgent implements Agent {
  readonly #parts: AgentParts;
  readonly #engine: Engine;
  readonly #trim: MemoryTrim;
  #stopped: Promise<Summary> | undefined;

  constructor(parts: AgentParts, engine: Engine) {
    this.#parts = parts;
    this.#engine = engine;
    this.#trim = new MemoryTrim(() => engine.trim());
    if (parts.source === 'bpf') parts.tampering.start(() => engine.sign);
    this.#rulesTaken(parts.options.modules);
  }

  summary(): Summary {
    return this.#parts.summary;
  }

  modules(): readonly RuleModule[] {
    const { ruleSets, options } = this.#parts;
    return [...ruleSets.modules, ...(options.other?.modules ?? [])];
  }

  sign(): EngineSign {
    return this.#engine.sign;
  }

  hooks(): HookSummary {
    return this.#parts.hooks.summary;
  }

  leftOut(): readonly string[] {
    return this.#parts.ruleSets.leftOut;
  }

  otherFailures(): readonly string[] {
    return this.#parts.options.other?.summary.failures ?? [];
  }

  images(): ImageSummary {
    return this.#parts.images.summary;
  }

  async replaceRules(modules: readonly RuleModule[], extras?: AlertExtras, responses?: ResponseSet): Promise<void> {
    await this.#parts.replaceRules(modules, extras ?? this.#parts.options.extras, responses);
    this.#rulesTaken(modules);
  }

  replaceOutputs(names: ReadonlySet<string>, outputs: readonly Output[]): Promise<number> {
    return this.#parts.outputs.replace(names, outputs);
  }

  setJournal(options: JournalOptions | undefined): Promise<void> {
    const { journal, ruleSets } = this.#parts;
    return journal.set(options, () => ruleSets.recapture());
  }

  async setAuditJournal(settings: AuditStoreSettings | undefined): Promise<void> {
    await this.#parts.options.other?.setJournal(settings);
  }

  reopenOutputs(): void {
    this.#parts.outputs.reopen();
  }

  outputFailed(name: string, message: string): void {
    this.#parts.outputWatch.failed(name, message, performance.now());
  }

  rulesFailed(reason: string, from?: string): void {
    this.#parts.ruleSets.failed(reason, from);
  }

  rulesRestored(from?: string): void {
    this.#parts.ruleSets.restored(from);
  }

  rulesLeftOut(errors: readonly string[]): void {
    this.#parts.ruleSets.leaveOut(errors);
  }

  get capture(): number {
    return this.#engine.capture;
  }

  raiseInternal(rule: string, priority: Priority, message: string, fields?: readonly KeyedValue[]): void {
    this.#parts.desk.internal(rule, priority, message, fields);
  }

  stop(): Promise<Summary> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** @param modules as they were given; they are in use now */
  #rulesTaken(modules: readonly RuleModule[]): void {
    const { hooks, ruleSets, resolver, source, guard } = this.#parts;
    hooks.update(this.#engine, ruleSets.modules);
    resolver.want([...modules, ...(guard ? [guard] : [])].flatMap(({ names }) => names));
    // Returns the memory that loading them took.
    if (source === 'bpf') this.#trim.schedule();
  }

  async #stop(): Promise<Summary> {
    const { tampering, drops, images, containers, resolver, directory, desk, journal, captures, responses } =
      this.#parts;
    this.#trim.close();
    tampering.close();
    await captures.close();
    const { other, podRequests } = this.#parts.options;
    // What a slow disk has not kept comes again after the next start.
    await Promise.all([other?.stop(), podRequests && withinTime(podRequests.stop(), REQUESTS_STOP_MS)]);
    // What is done about the last alerts asks the capture which program a process runs.
    await this.#engine.stop(responses.summary !== undefined);
    await journal.close();
    drops.finish();
    images.finish();
    containers.finish();
    resolver.close();
    directory.close();
    desk.close();
    // Alerts wait for what is done about them.
    await responses.close();
    this.#engine.release();
    await journal.noted();
    await closeOutputs(this.#parts);
    return this.summary();
  }
}

function closeOutputs({ outputs, options }: AgentParts): Promise<void> {
  return outputs.close(options.outputCloseMs ?? OUTPUT_CLOSE_MS);
}
