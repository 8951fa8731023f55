// Sends audit events of requests to enter pods to the agents of their nodes.

import { randomUUID } from 'node:crypto';
import type { AgentStreamsSummary } from '../../../agent/sources/other-source.ts';
import { SeenEvents } from '../../../audit/live/seen-events.ts';
import { escapeText } from '../../../diagnostics/escape.ts';
import { asNanoseconds, at } from '../../../diagnostics/json-value.ts';
import { NANOSECONDS_PER_MS } from '../../../fields/time.ts';
import { ApiClient } from '../../../metadata/kubernetes/api.ts';
import { connect, type KubernetesPlace } from '../../../metadata/kubernetes/connection.ts';
import type { TimeSpan } from '../../../sessions/coverage.ts';
import { readPodRequest } from '../../../sessions/pod-request.ts';
import type { PodRequestFacts } from '../../../sessions/pod-request-facts.ts';
import { AgentIdentities } from './agent-identity.ts';
import { AgentStreams, type AgentStreamsOptions } from './agent-streams.ts';
import { Backlog } from './backlog.ts';
import { RequestNodes, type Target } from './request-nodes.ts';

/** An API server collects events so long by default, before it sends them (`--audit-webhook-batch-max-wait`). */
const LATENESS_MS = 30_000;
/** How often it is looked whether events can be received, also while no agent listens. */
const LOOK_EVERY_MS = 1_000;

type Outcome = Target['kind'] | 'duplicate';

export interface ForwardingOptions {
  readonly kubernetes: KubernetesPlace;
  readonly audience: string;
  /** `NAMESPACE/NAME` of the service accounts of agents. */
  readonly serviceAccounts: readonly string[];
  /** False while events can't be received or read. */
  readonly isReceiving: () => boolean;
  /** Called with a message for people, once for each change. */
  readonly onTrouble: (message: string) => void;
  /** Its clock, in ms since the epoch. Default: that of the machine. */
  readonly now?: () => number;
  /** For tests. */
  readonly latenessMs?: number;
}

/** Where agents are served. */
export type AgentsPlace = Pick<
  AgentStreamsOptions,
  'address' | 'port' | 'certificate' | 'key' | 'aliveEveryMs' | 'clocksApartMs'
>;

export class Forwarding {
  readonly #client: ApiClient;
  readonly #identities: AgentIdentities;
  readonly #nodes: RequestNodes;
  readonly #backlog: Backlog;
  readonly #now: () => number;
  readonly #seen = new SeenEvents();
  readonly #outcomes = new Map<Outcome, number>();
  readonly #latenessMs: number;
  readonly #isReceiving: () => boolean;
  #streams: AgentStreams | undefined;
  #wholeUntil = 0;
  #wasReceiving = true;
  #looking: NodeJS.Timeout | undefined;
  /** A gap that agents do not know yet. */
  #unsent: TimeSpan | undefined;
  #gaps = 0;

  private constructor(client: ApiClient, options: ForwardingOptions) {
    const { latenessMs = LATENESS_MS, now = Date.now, isReceiving, audience, serviceAccounts } = options;
    this.#now = now;
    this.#backlog = new Backlog(undefined, now);
    this.#client = client;
    let last = '';
    const onFailure = (error: unknown): void => {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== last)
        options.onTrouble(`the API server can't be asked about agents and pods: ${escapeText(reason)}`);
      last = reason;
    };
    this.#identities = new AgentIdentities({ client, audience, serviceAccounts, onFailure });
    this.#nodes = new RequestNodes(client, onFailure, now);
    this.#latenessMs = latenessMs;
    this.#isReceiving = isReceiving;
  }

  /** Takes events, but serves nobody yet. Rejects with MetadataError. */
  static async make(options: ForwardingOptions): Promise<Forwarding> {
    return new Forwarding(new ApiClient(await connect(options.kubernetes)), options);
  }

  /** Serves agents. All events are received from now on. Rejects with the error of reading a certificate, or of listening. */
  async serve(place: AgentsPlace): Promise<void> {
    this.#wholeUntil = this.#now() - this.#latenessMs;
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    this.#streams = await AgentStreams.start({
      ...place,
      identities: this.#identities,
      backlog: this.#backlog,
      epoch: randomUUID(),
      since: this.#now(),
      now: this.#now,
      wholeUntil: () => {
        this.#look();
        this.#sendGap();
        return this.#wholeUntil;
      },
    });
  }

  get port(): number {
    return this.#streams?.port ?? 0;
  }

  get summary(): AgentStreamsSummary {
    return {
      streams: this.#streams?.count ?? 0,
      answers: this.#streams?.answers ?? [],
      events: [...this.#outcomes].map(([outcome, count]) => ({ outcome, count })),
      pending: this.#nodes.pending,
      gaps: this.#gaps,
      backlog: this.#backlog.counters,
    };
  }

  /** An event of a request to enter a pod. */
  take(event: PodRequestFacts): void {
    // What is sent again late is not late.
    if (this.#seen.add(Buffer.from(JSON.stringify(event)))) {
      this.#count('duplicate');
      return;
    }
    this.#nodes.find(event, (target) => this.#send(event, target));
    const staged = asNanoseconds(at(event, 'stageTimestamp'));
    const now = this.#now();
    const latest = nanoseconds(now - this.#latenessMs);
    // What an API server could not send for a while comes late, as far as it comes.
    if (staged !== undefined && staged < latest) this.#gap(staged, nanoseconds(now));
  }

  /** Events were received that could not be read, or were not accepted: requests may be among them. */
  missed(): void {
    const now = this.#now();
    this.#gap(nanoseconds(now - this.#latenessMs), nanoseconds(now));
  }

  /** @throws {Error} when the certificate can't be used; the one before stays */
  renewCertificate(): void {
    this.#streams?.renewCertificate();
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    this.#nodes.close();
    await this.#streams?.close();
    this.#client.close();
  }

  /** What an API server can't send meanwhile it gives up: a time without events is a gap, once they come again. */
  #look(): void {
    const isReceiving = this.#isReceiving();
    if (isReceiving) {
      if (!this.#wasReceiving) this.#gap(nanoseconds(this.#wholeUntil), nanoseconds(this.#now()));
      this.#wholeUntil = this.#nodes.decidedUntil - this.#latenessMs;
    }
    this.#wasReceiving = isReceiving;
  }

  #send(event: PodRequestFacts, target: Target): void {
    this.#count(target.kind);
    switch (target.kind) {
      case 'node':
        this.#add(target.node, { kind: 'request', event });
        return;
      case 'unknown':
        this.#withhold(event);
        return;
      case 'overflow':
        this.missed();
        return;
      case 'nowhere':
        return;
    }
  }

  #count(outcome: Outcome): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  /** No agent may read a request that is not of its node; each knows that there was one. */
  #withhold(event: PodRequestFacts): void {
    const request = readPodRequest(event)?.request;
    // Only those begin sessions.
    if (request?.entry !== 'exec') return;
    const { namespace, pod, received } = request;
    this.#add(undefined, { kind: 'withheld', namespace, pod, received });
  }

  /** After an outage many events are late: agents need one message, before the next that says what is whole. */
  #gap(from: bigint, to: bigint): void {
    const known = this.#unsent;
    this.#unsent = known && known.from < from ? { from: known.from, to } : { from, to };
  }

  #sendGap(): void {
    const gap = this.#unsent;
    if (!gap) return;
    this.#unsent = undefined;
    this.#gaps++;
    this.#add(undefined, { kind: 'gap', ...gap });
  }

  #add(node: string | undefined, message: Parameters<Backlog['add']>[1]): void {
    this.#backlog.add(node, message);
    this.#streams?.changed(node);
  }
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(milliseconds) * NANOSECONDS_PER_MS;
}
