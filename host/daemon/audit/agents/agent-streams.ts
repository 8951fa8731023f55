// The streams that agents hold open: which clients are accepted, where each continues, and messages as they come. A reader that is too slow is
// disconnected, and connects again.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { NANOSECONDS_PER_MS } from '../../../fields/time.ts';
import { CLOCKS_APART_MS } from '../../../sessions/pod-request-facts.ts';
import { ALIVE_EVERY_MS, STREAM_PATH, streamLine } from '../../../sessions/stream-messages.ts';
import { type Listener, peerOf, startListener } from '../../web/listener.ts';
import type { AgentIdentities, AgentIdentity } from './agent-identity.ts';
import type { Backlog } from './backlog.ts';

/** An agent has one; a cluster has 5,000 nodes at most, and two pods of a node while they are replaced. */
const MOST_CONNECTIONS = 12_288;
const REQUEST_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 60_000;
/** After that an agent has to show its token again. */
const STREAM_MS = 600_000;
/** Messages that are written at a time. */
const AT_A_TIME = 256;
const STOP_GRACE_MS = 500;

export interface AgentStreamsOptions {
  readonly address: string;
  readonly port: number;
  readonly certificate: string;
  readonly key?: string;
  readonly identities: AgentIdentities;
  readonly backlog: Backlog;
  /** Id of this run of the receiver. */
  readonly epoch: string;
  /** Since when events are received, in ms since the epoch. */
  readonly since: number;
  /** All requests that API servers received until then are in the backlog, and so are gaps of before. In ms since the epoch. */
  readonly wholeUntil: () => number;
  /** Its clock, in ms since the epoch. Default: that of the machine. */
  readonly now?: (() => number) | undefined;
  /** For tests. */
  readonly aliveEveryMs?: number;
  readonly clocksApartMs?: number;
}

interface Stream {
  readonly agent: AgentIdentity;
  readonly response: ServerResponse;
  position: number;
  /** Position up to which it knows that messages are missing. */
  readonly reported: number;
  isBlocked: boolean;
}

export class AgentStreams {
  readonly #options: AgentStreamsOptions;
  readonly #streams = new Map<string, Set<Stream>>();
  /** Peers that have a stream. */
  readonly #kept = new Set<string>();
  readonly #answers = new Map<number, number>();
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: AgentStreamsOptions) {
    this.#options = options;
  }

  /** Rejects with the error of reading a certificate, or of listening. */
  static async start(options: AgentStreamsOptions): Promise<AgentStreams> {
    const streams = new AgentStreams(options);
    const { address, port, certificate, key, aliveEveryMs = ALIVE_EVERY_MS } = options;
    streams.#listener = await startListener({
      address,
      port,
      certificate,
      ...(key !== undefined && { key }),
      mostConnections: MOST_CONNECTIONS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      silenceTimeoutMs: SILENCE_TIMEOUT_MS,
      isKept: (peer) => streams.#kept.has(peer),
      respond: (request, response) => void streams.#respond(request, response),
    });
    streams.#timer = setInterval(() => streams.#writeAlive(), aliveEveryMs).unref();
    return streams;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Number of open streams. */
  get count(): number {
    return this.#kept.size;
  }

  /** Requests by the status of their answer. */
  get answers(): readonly { readonly status: number; readonly count: number }[] {
    return [...this.#answers].sort(([one], [other]) => one - other).map(([status, count]) => ({ status, count }));
  }

  /** Writes what the backlog has got. @param node whose; undefined: of all */
  changed(node: string | undefined): void {
    const of = node === undefined ? [...this.#streams.values()] : [this.#streams.get(node) ?? []];
    for (const streams of of) for (const stream of streams) this.#write(stream);
  }

  /** @throws {Error} when the certificate can't be used; the one before stays */
  renewCertificate(): void {
    this.#listener?.renewCertificate();
  }

  get #now(): bigint {
    return BigInt(Math.floor((this.#options.now ?? Date.now)())) * NANOSECONDS_PER_MS;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const streams of this.#streams.values()) for (const { response } of streams) response.end();
    await this.#listener?.close(STOP_GRACE_MS);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Who has gone gets no answer.
    request.on('error', () => {});
    response.on('error', () => {});
    const { status, error, agent } = await this.#admit(request);
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
    if (response.destroyed) return;
    if (agent) {
      this.#begin(request, response, agent);
      return;
    }
    const text = `${JSON.stringify({ error })}\n`;
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      connection: 'close',
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
      ...(status === 405 && { allow: 'GET' }),
      ...(status === 503 && { 'retry-after': '1' }),
    });
    response.end(text, () => request.destroy());
  }

  /** Strangers learn only that they are strangers. */
  async #admit({ method, url = '', headers }: IncomingMessage): Promise<Admission> {
    const [, token = ''] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
    const review = await this.#options.identities.review(token);
    if (review.result === 'refused') return { status: review.status, error: review.reason };
    if (url.split('?', 1)[0] !== STREAM_PATH) return { status: 404, error: 'not found' };
    if (method !== 'GET') return { status: 405, error: 'only GET' };
    return { status: 200, agent: review.agent };
  }

  #begin(request: IncomingMessage, response: ServerResponse, agent: AgentIdentity): void {
    const { epoch, backlog, since, clocksApartMs = CLOCKS_APART_MS } = this.#options;
    const asked = new URL(request.url ?? '', 'https://receiver').searchParams;
    const position = Number(asked.get('position') ?? Number.NaN);
    const isOfThisRun = asked.get('epoch') === epoch && Number.isSafeInteger(position) && position <= backlog.position;
    const from = isOfThisRun && position >= 0 ? position : 0;
    const missing = backlog.missing(agent.node, from);
    const whole = Math.max(missing?.arrived ?? 0, isOfThisRun ? 0 : since);
    const stream: Stream = { agent, response, position: from, reported: missing?.position ?? 0, isBlocked: false };
    const peer = peerOf(request.socket);
    this.#open(stream, peer);
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.on('drain', () => {
      stream.isBlocked = false;
      this.#write(stream);
    });
    const begin = whole === 0 ? {} : { whole: BigInt(whole + clocksApartMs) * NANOSECONDS_PER_MS };
    response.write(streamLine({ kind: 'begin', epoch, position: from, now: this.#now, ...begin }));
    this.#sayAlive(stream);
  }

  #open(stream: Stream, peer: string): void {
    const { node, pod } = stream.agent;
    const streams = this.#streams.get(node) ?? new Set();
    this.#streams.set(node, streams);
    // A pod has one: that of before may be of a connection that is broken.
    for (const other of streams) if (other.agent.pod === pod) other.response.destroy();
    streams.add(stream);
    this.#kept.add(peer);
    const timer = setTimeout(() => stream.response.end(), STREAM_MS * (0.75 + Math.random() / 4)).unref();
    stream.response.once('close', () => {
      clearTimeout(timer);
      streams.delete(stream);
      this.#kept.delete(peer);
      if (streams.size === 0 && this.#streams.get(node) === streams) this.#streams.delete(node);
    });
  }

  #write(stream: Stream): void {
    const { backlog } = this.#options;
    const { response, agent } = stream;
    while (!response.writableEnded && !response.destroyed) {
      // It was too slow: it comes back, and learns what is missing.
      if (backlog.missing(agent.node, Math.max(stream.position, stream.reported))) response.destroy();
      if (stream.isBlocked || response.destroyed) return;
      const messages = backlog.after(agent.node, stream.position, AT_A_TIME);
      const last = messages.at(-1);
      if (!last) return;
      stream.position = last.position;
      stream.isBlocked = !response.write(messages.map(({ line }) => line).join(''));
    }
  }

  #writeAlive(): void {
    for (const streams of this.#streams.values()) for (const stream of streams) this.#sayAlive(stream);
  }

  #sayAlive(stream: Stream): void {
    const { backlog, wholeUntil } = this.#options;
    const whole = BigInt(Math.max(0, Math.floor(wholeUntil()))) * NANOSECONDS_PER_MS;
    this.#write(stream);
    // One that has not read what came before has not got all.
    if (stream.isBlocked || stream.response.writableEnded || stream.response.destroyed) return;
    stream.position = backlog.position;
    stream.isBlocked = !stream.response.write(
      streamLine({ kind: 'alive', position: stream.position, whole, now: this.#now }),
    );
  }
}

interface Admission {
  readonly status: number;
  readonly error?: string;
  /** Present if it is admitted. */
  readonly agent?: AgentIdentity;
}
