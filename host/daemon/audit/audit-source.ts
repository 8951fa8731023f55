// The source of audit events: what the webhook receives and a followed log has is evaluated on a thread of its own.

import { setTimeout as pause } from 'node:timers/promises';
import type { DeskCounters } from '../../agent/alerts/alert-desk.ts';
import { JOURNAL_ALERTS_APART_MS, JOURNAL_RULE } from '../../agent/journal/node-journal.ts';
import type { RuleModule } from '../../agent/modules/rule-module.ts';
import type {
  OtherSource,
  PreparedRules,
  SourceListeners,
  SourceRules,
  SourceSummary,
} from '../../agent/sources/other-source.ts';
import { AuditEvaluation, type EvaluationOptions } from '../../audit/live/evaluation.ts';
import { EvaluationInterrupted } from '../../audit/live/interrupted.ts';
import { LogFollower } from '../../audit/live/log-follower.ts';
import type { AuditText, TextOutcome } from '../../audit/live/protocol.ts';
import type { Configuration } from '../../config/definition.ts';
import { listenAddress } from '../../config/listen-address.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import type { LogLevel } from '../../diagnostics/log.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { AuditStoreSettings } from '../../journal/audit/audit-store.ts';
import type { KubernetesPlace } from '../../metadata/kubernetes/connection.ts';
import type { Output } from '../../outputs/output.ts';
import { PathWatch } from '../hot-reload/path-watch.ts';
import type { Forwarding } from './agents/forwarding.ts';
import { KeptEvents } from './kept-events.ts';
import { AuditWebhook } from './webhook.ts';

/** Lines of a log with which the thread has ended so often are dropped: they may be the reason. */
const MOST_ENDS = 2;
const ATTEMPT_MS = 2_000;

const AGENTS_HELP = 'see sources.k8s_audit: agents, ssl_certificate; outside of a pod also kubernetes.kubeconfig';

export interface AuditSourceOptions extends Omit<EvaluationOptions, 'onTrouble' | 'podRequests' | 'respond' | 'keep'> {
  readonly settings: Configuration['sources']['k8s_audit'];
  /** Where events are kept. Undefined: they are not. */
  readonly journal?: AuditStoreSettings | undefined;
  /** The API server that is asked about agents and pods. Undefined: there is none. */
  readonly kubernetes?: KubernetesPlace | undefined;
  readonly say: (level: LogLevel, message: string) => void;
}

export class AuditSource implements OtherSource {
  readonly source = 'k8s_audit';
  readonly #options: AuditSourceOptions;
  #evaluation: AuditEvaluation | undefined;
  #webhook: AuditWebhook | undefined;
  #follower: LogFollower | undefined;
  #forwarding: Forwarding | undefined;
  /** All who get events of requests to enter pods. */
  #podRequests: EvaluationOptions['podRequests'];
  #watch: PathWatch | undefined;
  readonly #kept: KeptEvents;
  #journalAlertAt = Number.NEGATIVE_INFINITY;
  #isStopping = false;

  constructor(options: AuditSourceOptions) {
    this.#options = options;
    this.#kept = new KeptEvents(options.journal, (message) => this.#tellKeepingFailed(message));
  }

  async start(
    rules: SourceRules,
    outputs: Pick<Output, 'write'>,
    { podRequests, respond }: SourceListeners,
  ): Promise<void> {
    const { say, settings } = this.#options;
    const onTrouble = (message: string): void => say('error', message);
    const forwarding = settings.agents.listen === '' ? undefined : await this.#makeForwarding();
    this.#forwarding = forwarding;
    const sinks = [...(forwarding ? [forwarding] : []), ...(podRequests ? [podRequests] : [])];
    const all: EvaluationOptions['podRequests'] = {
      take: (event) => {
        for (const sink of sinks) sink.take(event);
      },
      missed: () => {
        for (const sink of sinks) sink.missed();
      },
    };
    this.#podRequests = sinks.length > 0 ? all : undefined;
    const listeners = { podRequests: this.#podRequests, keep: this.#kept.keep, ...(respond && { respond }) };
    const evaluation = new AuditEvaluation({ ...this.#options, ...listeners, onTrouble }, outputs);
    try {
      await evaluation.start(rules);
      this.#evaluation = evaluation;
      if (settings.listen !== '') await this.#listen(evaluation);
      if (settings.file !== '') {
        this.#follower = new LogFollower({
          path: settings.file,
          take: (lines) => this.#takeLines(evaluation, lines),
          onTooLong: () => evaluation.drop('too-large'),
          onTruncated: () => this.#podRequests?.missed(),
          onTrouble,
        });
        await this.#follower.start();
      }
      // From now on all events are received.
      if (forwarding) await this.#serveAgents(forwarding);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#watchFiles();
  }

  prepare(rules: SourceRules): Promise<PreparedRules> {
    if (!this.#evaluation) throw new Error('it was not started');
    return this.#evaluation.prepare(rules);
  }

  async setJournal(settings: AuditStoreSettings | undefined): Promise<void> {
    if (this.#kept.use(settings)) this.#evaluation?.keepBy(this.#kept.keep);
  }

  get modules(): readonly RuleModule[] {
    return this.#evaluation?.modules ?? [];
  }

  get alerts(): DeskCounters {
    return this.#evaluation?.desk.counters ?? NO_ALERTS;
  }

  get summary(): SourceSummary {
    const evaluation = this.#evaluation;
    const { settings } = this.#options;
    const fileFailure = this.#follower?.failure;
    const kept = this.#kept.summary;
    return {
      source: this.source,
      ...(evaluation?.counters ?? NOTHING),
      modules: this.modules.map(({ name, sha256, rules }) => ({ name, sha256, rules: rules.length })),
      failures: [
        ...(evaluation?.failure === undefined ? [] : [evaluation.failure]),
        ...(fileFailure === undefined ? [] : [`${settings.file} can't be followed: ${fileFailure}`]),
      ],
      ...(this.#webhook && { answers: this.#webhook.answers }),
      ...(this.#follower && { file: this.#follower.summary }),
      ...(this.#forwarding && { agents: this.#forwarding.summary }),
      ...(kept && { kept }),
    };
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#watch?.close();
    await Promise.all([this.#webhook?.close(), this.#follower?.stop()]);
    await this.#evaluation?.stop();
    await this.#kept.close();
    // Agents get what came last.
    await this.#forwarding?.close();
  }

  #tellKeepingFailed(message: string): void {
    this.#options.say('error', message);
    const now = performance.now();
    if (!this.#evaluation || now - this.#journalAlertAt < JOURNAL_ALERTS_APART_MS) return;
    this.#journalAlertAt = now;
    this.#evaluation.desk.internal(JOURNAL_RULE, 'Critical', `${JOURNAL_RULE}: ${message}`);
  }

  async #listen(evaluation: AuditEvaluation): Promise<void> {
    const { settings, say } = this.#options;
    const { listen, path, ssl_enabled, ssl_certificate, ssl_key, client_ca, token_file } = settings;
    const { address = '', port = 0 } = listenAddress(listen) ?? {};
    try {
      this.#webhook = await AuditWebhook.start({
        address,
        port,
        path,
        ...(ssl_enabled && { certificate: ssl_certificate, ...(ssl_key !== '' && { key: ssl_key }) }),
        ...(client_ca !== '' && { clientAuthorities: client_ca }),
        ...(token_file !== '' && { tokenFile: token_file }),
        evaluate: (text: AuditText): Promise<TextOutcome> => evaluation.evaluate(text),
        onRefused: () => this.#podRequests?.missed(),
      });
    } catch (error) {
      throw new CommandFailure(
        `audit events can't be received at ${listen}: ${reasonOf(error)}`,
        'see sources.k8s_audit: listen, ssl_certificate, client_ca, token_file',
      );
    }
    say('info', `audit events are received at ${listen}${path}`);
  }

  /** Rejects with CommandFailure. */
  async #makeForwarding(): Promise<Forwarding> {
    const { settings, kubernetes, say } = this.#options;
    const { listen, service_accounts: serviceAccounts, audience } = settings.agents;
    if (!kubernetes) {
      throw new CommandFailure(`agents can't be served at ${listen}: there is no API server to ask`, AGENTS_HELP);
    }
    const { Forwarding: Made } = await import('./agents/forwarding.ts');
    const isReceiving = (): boolean => this.summary.failures.length === 0;
    const onTrouble = (message: string): void => say('error', message);
    return Made.make({ kubernetes, audience, serviceAccounts, isReceiving, onTrouble });
  }

  /** Rejects with CommandFailure. */
  async #serveAgents(forwarding: Forwarding): Promise<void> {
    const { settings, say } = this.#options;
    const { listen, service_accounts } = settings.agents;
    const { address = '', port = 0 } = listenAddress(listen) ?? {};
    try {
      const key = settings.ssl_key !== '' && { key: settings.ssl_key };
      await forwarding.serve({ address, port, certificate: settings.ssl_certificate, ...key });
    } catch (error) {
      throw new CommandFailure(`agents can't be served at ${listen}: ${reasonOf(error)}`, AGENTS_HELP);
    }
    say('info', `agents of ${service_accounts.join(', ')} are served at ${listen}`);
  }

  /** Certificates and tokens are renewed while it runs. */
  #watchFiles(): void {
    const { settings, say } = this.#options;
    const { ssl_enabled, ssl_certificate, ssl_key, client_ca, token_file } = settings;
    if (!this.#webhook && !this.#forwarding) return;
    const ownFiles = ssl_enabled || this.#forwarding ? [ssl_certificate, ssl_key] : [];
    const renewed = [...ownFiles, client_ca, token_file].filter((file) => file !== '');
    this.#watch = new PathWatch(renewed, {
      onChange: () => {
        try {
          this.#webhook?.renew();
          this.#forwarding?.renewCertificate();
          say('info', 'audit events are received with the changed certificates and token');
        } catch (error) {
          say('error', `audit events are received with the previous certificates and token: ${reasonOf(error)}`);
        }
      },
      onTrouble: (message) => say('warning', message),
    });
  }

  async #takeLines(evaluation: AuditEvaluation, lines: Uint8Array): Promise<void> {
    for (let ends = 0; ; ) {
      try {
        // A copy: the bytes are gone with the thread.
        await evaluation.evaluate({ form: 'lines', bytes: new Uint8Array(lines) });
        return;
      } catch (error) {
        // While no thread runs they wait: they are in the file.
        if (!(error instanceof EvaluationInterrupted) || error.wasGiven) ends++;
        if (ends === MOST_ENDS || this.#isStopping) break;
        await pause(ATTEMPT_MS, undefined, { ref: false });
      }
    }
    const count = lines.reduce((sum, byte) => sum + (byte === 0x0a ? 1 : 0), 0);
    evaluation.drop('failed', Math.max(count, 1));
  }
}

const NOTHING = { received: 0, evaluated: 0, duplicates: 0, dropped: [], matchesDropped: 0 } as const;

const NO_ALERTS: DeskCounters = {
  alerts: 0,
  byRule: new Map(),
  rules: [],
  heldForUser: 0,
  undecidedForUser: 0,
  held: 0,
  heldInVain: 0,
  withoutContainer: new Map(),
};
