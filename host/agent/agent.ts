// The agent: capture and rules in the engine, what the runtimes tell, alerts to the outputs. `wasprey run` starts it.

import { hostname } from 'node:os';
import type { CaptureSizes } from '../capture/native.ts';
import { DEFAULT_SIZES } from '../capture/open.ts';
import { Engine, type EngineSign } from '../engine/engine.ts';
import { type EngineCounters, HOLD_LIMITS, type HoldLimits } from '../engine/protocol.ts';
import type { ContainerState, PodState } from '../metadata/container-state.ts';
import { ContainerDirectory, type DirectoryCounters } from '../metadata/directory/container-directory.ts';
import { placeInCluster } from '../metadata/kubernetes/connection.ts';
import { type NameCounters, NameResolver } from '../metadata/name-resolver.ts';
import { type AlertExtras, withExtras } from '../outputs/additions.ts';
import type { KeyedValue } from '../outputs/message.ts';
import type { Output } from '../outputs/output.ts';
import { type NamedCounters, OutputSet } from '../outputs/output-set.ts';
import type { Priority } from '../schema/priority.ts';
import type { AgentOptions } from './agent-options.ts';
import { AlertDesk, type DeskCounters } from './alert-desk.ts';
import { DROP_SETTINGS, type DropCounters, type DropListener, DropWatch } from './drop-watch.ts';
import { type HookSummary, HookWatch } from './hook-watch.ts';
import { describeLeftOut, withoutEvents } from './left-out-events.ts';
import { MemoryTrim } from './memory-trim.ts';
import { OUTPUT_RULE, OutputWatch } from './output-watch.ts';
import type { RuleModule } from './rule-module.ts';
import { type RuleSetSummary, RuleSets } from './rule-sets.ts';
import { type TamperSummary, TamperWatch } from './tamper-watch.ts';

/** How long outputs have at the end to write out what is queued, where nothing else is said. */
const OUTPUT_CLOSE_MS = 500;

const NOT_TOLD: DropListener = { onLog: () => {}, onExit: () => {} };

/** A replay puts all events into one ring, whatever CPU they came from; the tables are those of a capture. */
const REPLAY_SIZES: CaptureSizes = { ...DEFAULT_SIZES, ringBudget: 1 << 20, cpus: 1 };

export interface Summary {
  /** Undefined if the worker had to be given up before it could tell. */
  readonly engine: EngineCounters | undefined;
  readonly rules: RuleSetSummary;
  readonly drops: DropCounters;
  readonly alerts: DeskCounters;
  readonly containers: DirectoryCounters;
  readonly names: NameCounters;
  readonly outputs: readonly NamedCounters[];
  readonly tampering: TamperSummary;
  readonly hooks: HookSummary;
}

export interface Agent {
  /** The numbers so far. */
  summary(): Summary;
  /** The modules in use, in their order. */
  modules(): readonly RuleModule[];
  /** Whether the engine lives. */
  sign(): EngineSign;
  /** Hooks that the kernel does not take, and rules that are blind for want of them. */
  hooks(): HookSummary;
  /**
   * Goes on with other rules, and what is known stays known. Rejects with EngineError: the rules before stay in use.
   * @param extras what their alerts get besides; default: what those of the start got
   */
  replaceRules(modules: readonly RuleModule[], extras?: AlertExtras): Promise<void>;
  /**
   * Goes on with these in the place of the outputs of those names, which are closed. Resolves to how many outputs there are when alerts
   * have reached the new ones.
   */
  replaceOutputs(names: ReadonlySet<string>, outputs: readonly Output[]): Promise<number>;
  /** Files that were moved away are left. */
  reopenOutputs(): void;
  /** An output of that name says what is wrong with it: tells the others, but not again and again. */
  outputFailed(name: string, message: string): void;
  /**
   * Rules, or what else can be replaced, that should have taken the place of those in use can't be used: tells of it in an alert of its
   * own, and counts it.
   * @param from whose they are; none: the rules that the agent reads itself
   */
  rulesFailed(reason: string, from?: string): void;
  /** Those are gone, and the rules in use are what is asked for. */
  rulesRestored(from?: string): void;
  /** Source `builder` only: process images and event records, as the kernel would have written them. */
  inject(images: readonly Uint8Array[], events: readonly Uint8Array[]): void;
  /** Raises an alert of the agent's own, for what went wrong around it. */
  tell(rule: string, priority: Priority, message: string, fields?: readonly KeyedValue[]): void;
  /**
   * Evaluates what has arrived, writes out what is queued, and tells the final numbers. Can be called again. Takes four seconds at
   * most for the evaluation, far less where the machine is not overloaded, and what the outputs have.
   */
  stop(): Promise<Summary>;
}

/** Resolves when events are being captured. Rejects with EngineError; outputs are closed then. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { modules, replay, extras = {}, onTrouble = () => {} } = options;
  const outputs = new OutputSet(options.outputs);
  const source = replay ? 'builder' : (options.source ?? 'bpf');
  // FALCO_HOSTNAME is what Falco's own manifests set to the node's name.
  const machine = replay?.hostname ?? (process.env.FALCO_HOSTNAME || hostname());
  const recorded = new Map<string, Uint8Array>();
  let engine: Engine | undefined;
  const hold: HoldLimits = { ...HOLD_LIMITS, ...options.hold };
  const directory = new ContainerDirectory(
    (id, entry) => {
      engine?.setContainer(id, entry);
      desk.containerKnown(id, entry);
    },
    {
      places: options.runtimes,
      kubernetes: options.kubernetes ?? placeInCluster(),
      patience: hold.milliseconds,
      onTrouble,
    },
  );
  const desk = new AlertDesk(
    outputs,
    {
      entry: (id) => recorded.get(id) ?? directory.entry(id),
      failure: (id) => failureOf(directory.state(id)),
      podFailure: (id) => failureOf(directory.podState(id)),
    },
    { hostname: machine, patience: hold.milliseconds, namesModules: options.namesModules ?? true },
  );
  const resolver = new NameResolver({
    onNames: (addresses) => engine?.setNames(addresses),
    onTrouble,
    ...(options.lookup && { lookup: options.lookup }),
  });
  const outputWatch = new OutputWatch({
    alert: (message) => desk.internal(OUTPUT_RULE, 'Critical', message),
    log: onTrouble,
  });
  const drops = new DropWatch(desk, options.drops ?? DROP_SETTINGS, options.onDrops ?? NOT_TOLD);
  const tampering = new TamperWatch(desk);
  const hooks = new HookWatch(desk, options.missingHooks ?? 'alert', {
    onTrouble,
    onNote: options.onNote ?? (() => {}),
  });
  const leftOut = options.leftOut ?? new Set();
  const complete = (given: readonly RuleModule[], more: AlertExtras): RuleModule[] => {
    for (const message of describeLeftOut(given, leftOut)) onTrouble(message);
    return given
      .map((module) => withoutEvents(module, leftOut))
      .map((module) => ({ ...module, rules: module.rules.map((rule) => withExtras(rule, more)) }));
  };
  const ruleSets = new RuleSets(complete(modules, extras), {
    engine: () => engine,
    desk,
    isFiltered: source === 'bpf' && options.kernelFilter !== false,
    onTrouble,
    ...(options.onRules && { onRules: options.onRules }),
  });
  const summary = (): Summary => ({
    engine: engine?.counters,
    rules: ruleSets.summary,
    drops: drops.counters,
    alerts: desk.counters,
    containers: directory.counters,
    names: resolver.counters,
    outputs: outputs.counters,
    tampering: tampering.summary,
    hooks: hooks.summary,
  });
  const closeOutputs = () => outputs.close(options.outputCloseMs ?? OUTPUT_CLOSE_MS);
  // A recording tells of its containers itself.
  if (!replay) directory.start();
  try {
    engine = await Engine.start(
      {
        source,
        ...(replay && { replay: replay.path }),
        ...(replay ? { sizes: REPLAY_SIZES } : options.sizes && { sizes: options.sizes }),
        rules: ruleSets.first,
        ruleMatching: options.ruleMatching ?? 'first',
        hold,
        hostname: machine,
        isoTime: options.isoTime ?? false,
        base64Buffers: options.base64Buffers ?? false,
        ignoresSelf: options.ignoresSelf ?? false,
        guarded: source === 'bpf',
      },
      {
        onMatches: (matches) => {
          for (const match of matches) desk.take(match);
          return replay && outputs.drained();
        },
        onContainer: (id, entry) => {
          recorded.set(id, entry);
          desk.containerKnown(id, entry);
        },
        onReplayed: (report) => void outputs.drained().then(() => replay?.onEnd(report)),
        onContainers: (notices) => {
          for (const notice of notices) directory.ask(notice);
        },
        onSetAside: (module, failure, reason) => ruleSets.setAside(module, failure, reason),
        onReplaced: (generation) => ruleSets.tookOver(generation),
        onCounters: (counters) => {
          drops.update(counters);
          outputWatch.update(outputs.counters, performance.now());
        },
        onIntegrity: (report) => tampering.take(report),
        onError: (error) => options.onEnd?.(error),
      },
      options.idleWorker,
    );
  } catch (error) {
    directory.close();
    await closeOutputs();
    throw error;
  }
  const running = engine;
  const trim = new MemoryTrim(() => running.trim());
  const isLive = source === 'bpf';
  if (isLive) trim.schedule();
  if (isLive) tampering.start(() => running.sign);
  hooks.update(running.missing, ruleSets.modules);
  const resolveNames = (used: readonly RuleModule[]): void => resolver.want(used.flatMap(({ names }) => names));
  resolveNames(modules);
  let stopped: Promise<Summary> | undefined;
  const stop = async (): Promise<Summary> => {
    trim.close();
    tampering.close();
    await running.stop();
    drops.finish();
    resolver.close();
    directory.close();
    desk.close();
    await closeOutputs();
    return summary();
  };
  return {
    summary,
    modules: () => ruleSets.modules,
    sign: () => running.sign,
    hooks: () => hooks.summary,
    replaceRules: async (replacement, more = extras) => {
      await ruleSets.replace(complete(replacement, more));
      hooks.update(running.missing, ruleSets.modules);
      resolveNames(replacement);
      if (isLive) trim.schedule();
    },
    replaceOutputs: (names, replacement) => outputs.replace(names, replacement),
    reopenOutputs: () => outputs.reopen(),
    outputFailed: (name, message) => outputWatch.failed(name, message, performance.now()),
    rulesFailed: (reason, from) => ruleSets.failed(reason, from),
    rulesRestored: (from) => ruleSets.restored(from),
    tell: (rule, priority, message, fields) => desk.internal(rule, priority, message, fields),
    inject: (images, events) => running.inject(images, events),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function failureOf(state: ContainerState | PodState | undefined): string | undefined {
  return state?.state === 'failed' ? state.failure : undefined;
}
