// The parts of an agent beside its engine, each made from the options and connected to the others.

import { hostname } from 'node:os';
import { missingFeatures } from '../capture/missing-features.ts';
import type { Engine } from '../engine/engine.ts';
import { HOLD_LIMITS, type HoldLimits } from '../engine/messages/protocol.ts';
import type { ContainerDirectory } from '../metadata/directory/container-directory.ts';
import { NameResolver } from '../metadata/name-resolver.ts';
import type { AlertExtras } from '../outputs/additions.ts';
import { OutputSet } from '../outputs/output-set.ts';
import { LiveSessions } from '../sessions/live-sessions.ts';
import type { PodRequestSink } from '../sessions/pod-request-facts.ts';
import { type AgentOptions, type OptionsWithDefaults, withDefaults } from './agent-options.ts';
import { AlertDesk } from './alerts/alert-desk.ts';
import { captureModules, otherModules, type WantedRules } from './completed-modules.ts';
import { NodeCaptures } from './journal/node-captures.ts';
import { NodeJournal } from './journal/node-journal.ts';
import { KnownContainers } from './known-containers.ts';
import type { RuleModule } from './modules/rule-module.ts';
import { NodeEnforcement } from './responses/node-enforcement.ts';
import { NodeResponses } from './responses/node-responses.ts';
import type { ResponseSet } from './responses/response-set.ts';
import { RuleSets, type RuleSetsHost } from './rules/rules-in-use.ts';
import { sumOfDesks } from './sources/other-source.ts';
import type { Summary } from './summary.ts';
import { ContainerWatch } from './watches/container-watch.ts';
import { DropWatch } from './watches/drop-watch.ts';
import { HookWatch } from './watches/hook-watch.ts';
import { ImageWatch } from './watches/image-watch.ts';
import { OUTPUT_RULE, OutputWatch } from './watches/output-watch.ts';
import { TamperWatch } from './watches/tamper-watch.ts';

export class AgentParts {
  readonly options: OptionsWithDefaults;
  readonly source: 'bpf' | 'builder' | 'none';
  /** The machine's name, for alerts. */
  readonly machine: string;
  readonly hold: HoldLimits;
  readonly outputs: OutputSet;
  readonly known: KnownContainers;
  readonly desk: AlertDesk;
  readonly resolver: NameResolver;
  readonly outputWatch: OutputWatch;
  readonly drops: DropWatch;
  readonly images: ImageWatch;
  readonly containers: ContainerWatch;
  readonly tampering: TamperWatch;
  readonly hooks: HookWatch;
  readonly journal: NodeJournal;
  /** Undefined if nobody asks whose they are. */
  readonly sessions: LiveSessions | undefined;
  /** Takes events of requests to enter pods from every receiver. */
  readonly podRequests: PodRequestSink;
  readonly captures: NodeCaptures;
  readonly responses: NodeResponses;
  readonly enforcement: NodeEnforcement;
  readonly ruleSets: RuleSets;
  /** Undefined until it has started. */
  engine: Engine | undefined;
  #responses: ResponseSet | undefined;

  constructor(given: AgentOptions) {
    const options = withDefaults(given);
    const { replay, onTrouble, onNote } = options;
    this.options = options;
    this.#responses = replay ? undefined : options.responses;
    this.source = replay ? 'builder' : (options.source ?? 'bpf');
    // FALCO_HOSTNAME is what Falco's own manifests set to the node's name.
    this.machine = replay?.hostname ?? (process.env.FALCO_HOSTNAME || hostname());
    this.hold = { ...HOLD_LIMITS, ...options.hold };
    this.outputs = new OutputSet(options.outputs);
    this.known = new KnownContainers(options, this.hold.milliseconds, (id, entry) => {
      this.engine?.setContainer(id, entry);
      this.desk.containerKnown(id, entry);
    });
    this.sessions = this.#makeSessions();
    this.desk = this.#makeDesk();
    this.resolver = new NameResolver({
      onNames: (addresses) => this.engine?.setNames(addresses),
      onTrouble,
      ...(options.lookup && { lookup: options.lookup }),
    });
    this.outputWatch = new OutputWatch({
      alert: (message) => this.desk.internal(OUTPUT_RULE, 'Critical', message),
      log: onTrouble,
    });
    this.drops = new DropWatch(this.desk, options.drops, options.onDrops);
    this.images = new ImageWatch(this.desk);
    this.containers = new ContainerWatch(this.desk);
    this.tampering = new TamperWatch(this.desk);
    this.hooks = new HookWatch(this.desk, options.missingHooks, { onTrouble, onNote }, missingFeatures);
    this.podRequests = {
      take: (event) => {
        this.journal.requests?.add(event);
        this.sessions?.take(event);
      },
      missed: () => this.sessions?.missed(),
    };
    this.captures = this.#makeCaptures();
    this.journal = this.#makeJournal();
    this.responses = this.#makeResponses();
    this.enforcement = new NodeEnforcement({
      desk: () => this.desk,
      onTrouble,
      onNote,
      podUid: process.env.POD_UID ?? '',
    });
    this.ruleSets = this.#makeRuleSets();
  }

  /** Metadata of containers, from their runtimes and the API server. */
  get directory(): ContainerDirectory {
    return this.known.directory;
  }

  /** A container from a recording. */
  containerRecorded(id: string, entry: Uint8Array): void {
    this.known.record(id, entry);
    this.desk.containerKnown(id, entry);
  }

  /** The module of the conditions of responses, if there is one. */
  get guard(): RuleModule | undefined {
    return this.#responses?.guard;
  }

  get summary(): Summary {
    const { summary: journal } = this.journal;
    const { summary: captures } = this.captures;
    const { summary: responses } = this.responses;
    const { summary: enforcement } = this.enforcement;
    return {
      engine: this.engine?.counters,
      rules: this.ruleSets.summary,
      drops: this.drops.counters,
      images: this.images.summary,
      alerts: sumOfDesks(this.desk.counters, this.options.other?.alerts),
      containers: this.directory.counters,
      names: this.resolver.counters,
      outputs: this.outputs.counters,
      tampering: this.tampering.summary,
      hooks: this.hooks.summary,
      ...(journal && { journal }),
      ...(captures && { captures }),
      ...(responses && { responses }),
      ...(enforcement && { enforcement }),
      ...(this.options.other && { other: this.options.other.summary }),
      ...(this.options.podRequests && { podRequests: this.options.podRequests.summary }),
    };
  }

  /** Starts the sources beside the capture, if there are any. */
  async startOther(): Promise<void> {
    const { other, modules, extras = {} } = this.options;
    const watchesNode = this.source !== 'none';
    if (this.sessions) for (const event of await this.journal.keptRequests()) this.sessions.take(event);
    if (other && watchesNode) this.journal.requests?.receivesAll();
    await other?.start(otherModules({ modules, extras, responses: this.#responses }, this.options), this.outputs, {
      ...(watchesNode && { podRequests: this.podRequests }),
      respond: (rule, alert, send) => this.responses.take(rule, alert, send),
    });
    // Requests that came before it received began sessions that the capture has.
    if (other && watchesNode) this.sessions?.missed();
    this.options.podRequests?.start({
      resume: async () => this.journal.requests?.resume(),
      take: (event) => this.podRequests.take(event),
      keep: async (state) => this.journal.requests?.keep(state),
    });
  }

  /**
   * Replaces the rules. Rejects with EngineError or RuleModuleError: the previous ones stay in use then.
   * @param responses default: those in use
   */
  async replaceRules(modules: readonly RuleModule[], extras: AlertExtras, responses?: ResponseSet): Promise<void> {
    // A replay has none.
    const next = this.options.replay ? undefined : (responses ?? this.#responses);
    const wanted = { modules, extras, responses: next };
    const before = this.#responses;
    const prepared = await this.options.other?.prepare(otherModules(wanted, this.options));
    this.#responses = next;
    try {
      await this.ruleSets.replace(this.#ofCapture(wanted), next?.guard);
    } catch (error) {
      this.#responses = before;
      prepared?.discard();
      throw error;
    }
    prepared?.use();
    if (next) this.responses.use(next.settings);
  }

  #ofCapture(wanted: WantedRules): RuleModule[] {
    return captureModules(wanted, this.options, this.captures, this.sessions !== undefined);
  }

  #makeSessions(): LiveSessions | undefined {
    const { replay, kubernetesUsers, other, podRequests } = this.options;
    if (replay || this.source === 'none' || !kubernetesUsers) return undefined;
    return new LiveSessions({
      host: this.machine,
      patienceMs: kubernetesUsers.wait,
      // What the agent receives itself is all there is.
      ...(podRequests && !other && { coverage: () => podRequests.coverage }),
      place: (id) => this.known.place(id),
    });
  }

  #makeDesk(): AlertDesk {
    const { known, machine, hold } = this;
    return new AlertDesk(
      this.outputs,
      {
        entry: (id) => known.entry(id),
        failure: (id) => known.failure(id),
        podFailure: (id) => known.podFailure(id),
      },
      {
        hostname: machine,
        patience: hold.milliseconds,
        namesModules: this.options.namesModules,
        ...(this.sessions && { sessions: this.sessions }),
        capture: (rule, alert) => this.captures.take(rule, alert),
        respond: (rule, alert, send) => this.responses.take(rule, alert, send),
      },
    );
  }

  #makeCaptures(): NodeCaptures {
    const { replay, captures, leftOut, onTrouble } = this.options;
    return new NodeCaptures(replay ? undefined : captures, {
      engine: () => this.engine,
      desk: () => this.desk,
      before: (since) => this.journal.before(since),
      machine: this.machine,
      leftOut,
      onTrouble,
    });
  }

  #makeJournal(): NodeJournal {
    const { replay, journal, leftOut, onTrouble, onNote } = this.options;
    return new NodeJournal(replay ? undefined : journal, {
      engine: () => this.engine,
      desk: this.desk,
      machine: this.machine,
      leftOut,
      onTrouble,
      onNote,
      recentMs: this.captures.recentMs,
    });
  }

  #makeResponses(): NodeResponses {
    const { replay, responder, requestedPods, onTrouble } = this.options;
    const responses = new NodeResponses({
      desk: () => this.desk,
      responder: replay ? undefined : responder,
      pods: requestedPods,
      hasOwnLabel: (id, key, value) => this.known.mayHaveOwnLabel(id, key, value),
      note: (record) => this.journal.note(record),
      onTrouble,
    });
    if (this.#responses) responses.use(this.#responses.settings);
    return responses;
  }

  #makeRuleSets(): RuleSets {
    const { modules, extras, kernelFilter, onTrouble, onRules } = this.options;
    const host: RuleSetsHost = {
      engine: () => this.engine,
      desk: this.desk,
      journal: () => this.journal.wants,
      captures: this.captures.isOn,
      isFiltered: this.source === 'bpf' && kernelFilter !== false,
      ...(this.source === 'bpf' && {
        enforcement: (all: readonly RuleModule[]) => this.enforcement.start(all, this.#responses?.settings),
      }),
      onTrouble,
      ...(onRules && { onRules }),
    };
    const own = this.#ofCapture({ modules, extras, responses: this.#responses });
    return new RuleSets(own, host, this.#responses?.guard);
  }
}
