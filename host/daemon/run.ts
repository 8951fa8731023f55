// One run of an agent, from its start to the summary, with everything that runs beside it.

import { constants } from 'node:os';
import { type Agent, startAgent } from '../agent/agent.ts';
import type { AgentOptions } from '../agent/agent-options.ts';
import type { RuleModule } from '../agent/modules/rule-module.ts';
import type { ResponseSet } from '../agent/responses/response-set.ts';
import { loadAddon } from '../capture/addon.ts';
import { machineSizes } from '../capture/sizes.ts';
import { leftOutEvents } from '../config/keys/base-syscalls.ts';
import { EXIT } from '../diagnostics/failure.ts';
import type { Log } from '../diagnostics/log.ts';
import { count } from '../diagnostics/numbers.ts';
import type { Terminal } from '../diagnostics/terminal.ts';
import type { IdleWorker } from '../engine/host/idle-worker.ts';
import type { EngineError } from '../engine/messages/engine-error.ts';
import type { AlertExtras } from '../outputs/additions.ts';
import { startTimer } from '../outputs/long-timer.ts';
import type { LocalResponder } from '../responses/performing/local-responder.ts';
import { DEFAULT_SOURCE } from '../schema/event-source.ts';
import { captureSettings } from './alert-captures.ts';
import { auditSource } from './audit/start.ts';
import { measureBpfPrograms } from './bpf-stats.ts';
import type { Console } from './console/console.ts';
import { startControl } from './control/start.ts';
import { type DropExit, dropExit, dropSettings } from './drop-settings.ts';
import { hasHungUp } from './early-signals.ts';
import { auditJournal, journalOptions } from './journal-options.ts';
import { MetricRecorder } from './metrics/recorder.ts';
import type { MetricSource } from './metrics/source.ts';
import { kubernetesPlace, runtimePlaces } from './places/metadata-places.ts';
import { podRequestSource } from './pod-requests/start.ts';
import { makeResponder, requestedPods } from './responder.ts';
import { loadResponses, refuseMisplaced, refuseUnenforceable, warnOfUnmet } from './responses.ts';
import { ruleEvents } from './rule-events.ts';
import { type RuleUpdates, startRuleUpdates } from './rule-updates.ts';
import { RunOutputs } from './run-outputs.ts';
import type { ServiceNotifier } from './service-notify.ts';
import type { RunSettings } from './settings.ts';
import { SettingsUpdates } from './settings-updates.ts';
import { renderSummary } from './summary.ts';
import type { AgentWebServer } from './web/agent-server.ts';

export interface RunStart {
  readonly modules: readonly RuleModule[];
  /** Errors of invalid parts of the rule files, which are not in the modules; each is one line. */
  readonly leftOut: readonly string[];
  /** Hash of what the modules were made from. */
  readonly rulesHash: string;
  readonly settings: RunSettings;
  readonly metrics: MetricSource;
  readonly idleWorker: IdleWorker;
  /** The page; undefined: it is off. */
  readonly page: Console | undefined;
  /** Reports the run to the service manager. */
  readonly service: ServiceNotifier;
  /** Called with the agent once it captures. */
  readonly onAgent: (agent: Agent) => void;
  /** Reads the settings again: the configuration may have changed. Its errors are printed to that terminal. */
  readonly settingsNow: (terminal: Terminal) => Promise<RunSettings>;
}

async function extrasOf({ configuration, selection: { statics = {} } }: RunSettings): Promise<AlertExtras> {
  if (configuration.append_output.length === 0) return { statics };
  // Loaded only when there are any.
  const { readAppendOutput } = await import('../config/append-output.ts');
  return { statics, additions: readAppendOutput(configuration, new Map()).additions };
}

function countRules(modules: readonly RuleModule[]): number {
  return modules.reduce((sum, module) => sum + module.rules.length, 0);
}

/**
 * For threads to end that nothing can end: of captures, which may wait for a file system, and of look-ups of names, which wait 10 s for name
 * servers that do not answer.
 */
const HANGING_MS = { captures: 3000, others: 500 };

/** One run: from the start of the agent to the summary. */
export class Run {
  readonly #start: RunStart;
  readonly #settings: RunSettings;
  readonly #server: AgentWebServer;
  readonly #log: Log;
  readonly #terminal: Terminal;
  readonly #outputs: RunOutputs;
  #agent: Agent | undefined;
  #responder: LocalResponder | undefined;
  #rules: RuleUpdates | undefined;
  /** Ends the run, with the reason if it is a failure. */
  readonly #end = Promise.withResolvers<EngineError | DropExit | undefined>();

  constructor(start: RunStart, server: AgentWebServer, log: Log, terminal: Terminal) {
    this.#start = start;
    this.#settings = start.settings;
    this.#server = server;
    this.#log = log;
    this.#terminal = terminal;
    this.#outputs = new RunOutputs(start.page?.board, log, {
      agent: () => this.#agent,
      onUnread: () => this.#end.resolve(undefined),
    });
  }

  /** @returns the exit status */
  async untilStopped(): Promise<number> {
    // Before the start, so that a Ctrl-C during it stops cleanly as well. It may come twice: npm passes on what the terminal has sent.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#end.resolve(undefined));
    process.on('SIGHUP', () => this.#hangUp());
    const { configuration } = this.#settings;
    const metrics = new MetricRecorder(configuration, this.#start.metrics, (message) =>
      this.#log.say('error', message),
    );
    const agent = await startAgent(await this.#agentOptions());
    try {
      return await this.#watchBy(agent, metrics);
    } catch (error) {
      // The process would continue as long as the engine's thread lives, and could not be ended.
      await agent.stop();
      await metrics.close(configuration.output_timeout);
      throw error;
    }
  }

  async #watchBy(agent: Agent, metrics: MetricRecorder): Promise<number> {
    const { configuration } = this.#settings;
    const { service } = this.#start;
    if (configuration.engine.wasprey.bpf_stats) measureBpfPrograms((message) => this.#log.say('warning', message));
    // Log rotation has moved a file away.
    process.on('SIGUSR1', () => {
      agent.reopenOutputs();
      metrics.reopen();
    });
    // Its launcher has Node keep it from the inspector, and so from everybody.
    loadAddon().unblockSignal(constants.signals.SIGUSR1);
    metrics.start(agent);
    this.#server.watch(agent);
    this.#start.page?.watch(agent, this.#responder);
    this.#agent = agent;
    this.#start.onAgent(agent);
    void this.#responder?.start();
    if (this.#start.leftOut.length > 0) agent.rulesLeftOut(this.#start.leftOut);
    const rules = this.#startRuleUpdates(agent, this.#settingsUpdates(agent));
    this.#rules = rules;
    // A SIGHUP that arrived before the handler was installed.
    if (hasHungUp()) void rules.reload();
    const control = await startControl(configuration, agent, () => rules.reload(), this.#log, this.#responder);
    const began = performance.now();
    this.#announce(began);
    service.watching({
      health: () => this.#server.health(),
      rules: () => countRules(agent.modules()),
    });
    const { duration } = this.#settings;
    const giveUp = duration === undefined ? undefined : startTimer(() => this.#end.resolve(undefined), duration * 1000);
    const failure = await this.#end.promise;
    giveUp?.();
    service.stopping();
    rules.close();
    await control?.close();
    const [capturing] = await Promise.all([
      this.#finish(agent, began, failure),
      metrics.close(configuration.output_timeout),
    ]);
    const status = failure ? EXIT.failure : EXIT.ok;
    loadAddon().endWithin(capturing ? HANGING_MS.captures : HANGING_MS.others, status);
    return status;
  }

  #settingsUpdates(agent: Agent): SettingsUpdates {
    return new SettingsUpdates({
      settings: this.#settings,
      log: this.#log,
      terminal: this.#terminal,
      onFailed: (message) => agent.rulesFailed(message, 'outputs'),
      onMended: () => agent.rulesRestored('outputs'),
      replaceOutputs: async (settings, names) => {
        // Values that apply from the next start stay unchanged in what is recreated, too.
        const { isoTime, configuration } = this.#settings;
        const kept = { isoTime, configuration: { ...settings.configuration, spool: configuration.spool } };
        await this.#outputs.replace(agent, { ...settings, ...kept }, names);
      },
      setJournal: async (settings) => {
        const { configuration: now, sources } = settings;
        if (sources.includes(DEFAULT_SOURCE)) await agent.setJournal(journalOptions(now, sources));
        await agent.setAuditJournal(auditJournal(now, sources));
      },
    });
  }

  #startRuleUpdates(agent: Agent, updates: SettingsUpdates): RuleUpdates {
    return startRuleUpdates({
      agent,
      settings: this.#settings,
      inUse: this.#start.rulesHash,
      again: async (terminal) => ({ ...(await this.#start.settingsNow(terminal)), sources: this.#settings.sources }),
      onSettings: (settings) => {
        this.#start.page?.use(settings);
        return updates.take(settings);
      },
      extras: () => extrasOf(updates.settings),
      responses: (modules) => this.#responses(updates.settings, modules),
      onReload: (result) => this.#start.service.reloading(result),
      say: (level, message) => this.#log.say(level, message),
    });
  }

  async #responses(settings: RunSettings, modules: readonly RuleModule[]): Promise<ResponseSet> {
    const responses = await loadResponses(settings);
    const warn = (message: string): void => this.#log.say('warning', message);
    refuseMisplaced(responses, modules, settings, warn);
    refuseUnenforceable(
      responses,
      modules.filter(({ source }) => source === DEFAULT_SOURCE),
    );
    warnOfUnmet(responses, modules, settings.origins, warn);
    return responses;
  }

  /** The terminal is gone, or somebody requests a reload. */
  #hangUp(): void {
    if (this.#terminal.interactive) this.#end.resolve(undefined);
    else void this.#rules?.reload();
  }

  async #agentOptions(): Promise<AgentOptions> {
    const { configuration, ringMegabytes, ruleMatching, isoTime, kernelFilter } = this.#settings;
    const kubernetes = kubernetesPlace(configuration);
    const journal = journalOptions(configuration, this.#settings.sources);
    const captures = captureSettings(configuration);
    const outputs = await this.#outputs.make(this.#settings);
    const runtimes = runtimePlaces(configuration);
    this.#responder = makeResponder(configuration, runtimes, () => this.#agent, this.#log);
    const events = auditJournal(configuration, this.#settings.sources);
    const other = await auditSource(this.#settings, kubernetes, events, this.#log);
    const watchesMachine = this.#settings.sources.includes(DEFAULT_SOURCE);
    const podRequests = watchesMachine ? await podRequestSource(configuration, this.#log) : undefined;
    const onRules = ruleEvents(kubernetes, (message) => this.#log.say('warning', message));
    return {
      modules: this.#start.modules,
      outputs,
      outputCloseMs: configuration.output_timeout,
      extras: await extrasOf(this.#settings),
      sizes: machineSizes(ringMegabytes),
      ruleMatching,
      isoTime,
      kernelFilter,
      hasDetails: this.#start.page !== undefined,
      namesModules: configuration.engine.wasprey.module_field,
      base64Buffers: configuration.buffer_format_base64,
      leftOut: leftOutEvents(configuration.base_syscalls),
      ...(other && { other }),
      ...(podRequests && { podRequests }),
      ...((other ?? podRequests) && { kubernetesUsers: { wait: configuration.kubernetes.user_wait } }),
      ...(watchesMachine && journal && { journal }),
      ...(watchesMachine && captures && { captures }),
      ...(!watchesMachine && { source: 'none' as const }),
      responses: await this.#responses(this.#settings, this.#start.modules),
      hooks: configuration.engine.wasprey.hooks,
      missingHooks: configuration.engine.wasprey.missing_hooks,
      ignoresSelf: true,
      runtimes,
      responder: this.#responder,
      ...(other && { requestedPods: requestedPods(configuration) }),
      ...(kubernetes !== undefined && { kubernetes }),
      ...(onRules && { onRules }),
      drops: dropSettings(configuration),
      onDrops: {
        onLog: (message) => this.#log.say('debug', message),
        onExit: (message) => this.#end.resolve(dropExit(message)),
      },
      onTrouble: (message) => this.#log.say('warning', message),
      onNote: (message) => this.#log.say('info', message),
      onEnd: (error) => this.#end.resolve(error),
      idleWorker: this.#start.idleWorker,
    };
  }

  #announce(now: number): void {
    const { modules } = this.#start;
    const rules = countRules(modules);
    const kinds = new Set(modules.flatMap(({ eventTypes }) => eventTypes)).size;
    // performance.now() counts from the start of the process.
    this.#log.say(
      'info',
      `watching by ${count(rules, 'rule')} on ${count(kinds, 'kind')} of events, ${(now / 1000).toFixed(2)} s after the start` +
        (this.#settings.duration === undefined ? '; Ctrl-C stops' : ''),
      { rules, kinds, secondsToStart: now / 1000 },
    );
  }

  /** @returns whether captures are still being written */
  async #finish(agent: Agent, began: number, failure: EngineError | DropExit | undefined): Promise<boolean> {
    const seconds = (performance.now() - began) / 1000;
    const summary = await agent.stop();
    if (this.#log.format === 'text') this.#terminal.say(`\n${renderSummary(summary, seconds)}`);
    else this.#log.say('info', 'the end', { seconds, summary: renderSummary(summary, seconds).split('\n') });
    if (failure) {
      const { message, code } = failure;
      const ended = `the engine has failed, nothing is watched any more: ${message} [${code}]`;
      this.#log.say('critical', code === 'EVENTS_DROPPED' ? message : ended);
    }
    return (summary.captures?.active ?? 0) > 0;
  }
}
