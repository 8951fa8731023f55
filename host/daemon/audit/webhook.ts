// Receives the audit webhook of an API server: who sends, how much, and which answer makes the API server do what is right.

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditText, TextOutcome } from '../../audit/live/protocol.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { type Listener, peerOf, startListener } from '../web/listener.ts';

/** Bytes of the largest body, compressed or not, as Falco's plugin has it. An API server's batches are of 10 MB at most if it truncates them. */
export const LARGEST_BODY = 12 * 1024 * 1024;
/** Bytes of all bodies that are received or evaluated at a time: beyond, the API server is to come again. */
const MOST_BODY_BYTES = 4 * LARGEST_BODY;
/** What a body has room for at first. */
const FIRST_BODY = 256 * 1024;
const MOST_CONNECTIONS = 64;
/** An API server gives up after 30 s. */
const REQUEST_TIMEOUT_MS = 30_000;
const SILENCE_TIMEOUT_MS = 60_000;
/** What is under way at a stop may be answered so long. */
const STOP_GRACE_MS = 5_000;
const LONGEST_TOKEN = 4096;

export interface WebhookOptions {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly clientAuthorities?: string;
  readonly tokenFile?: string;
  /** Rejects if the text can't be evaluated now, and may be sent again. */
  readonly evaluate: (text: AuditText) => Promise<TextOutcome>;
  /** Called when events were not taken from who is known: they may not be sent again. */
  readonly onRefused?: () => void;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  /** The body was given to the evaluation, which counts what it drops. */
  readonly isTaken?: boolean;
}

export class AuditWebhook {
  readonly #options: WebhookOptions;
  readonly #answers = new Map<number, number>();
  /** Whose body is being received or evaluated. */
  readonly #busy = new Set<string>();
  #listener: Listener | undefined;
  /** Hash of the token; undefined: none is wanted. */
  #token: Buffer | undefined;
  #bodyBytes = 0;
  #isStopping = false;

  private constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Rejects with the error of reading a certificate or the token, or of listening. */
  static async start(options: WebhookOptions): Promise<AuditWebhook> {
    const webhook = new AuditWebhook(options);
    webhook.#token = webhook.#readToken();
    const { address, port, certificate, key, clientAuthorities } = options;
    webhook.#listener = await startListener({
      address,
      port,
      ...(certificate !== undefined && { certificate }),
      ...(key !== undefined && { key }),
      ...(clientAuthorities !== undefined && { clientAuthorities }),
      mostConnections: MOST_CONNECTIONS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      silenceTimeoutMs: SILENCE_TIMEOUT_MS,
      isKept: (peer) => webhook.#busy.has(peer),
      respond: (request, response) => void webhook.#respond(request, response),
    });
    return webhook;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Requests by the status of their answer. */
  get answers(): readonly { readonly status: number; readonly count: number }[] {
    return [...this.#answers].sort(([one], [other]) => one - other).map(([status, count]) => ({ status, count }));
  }

  /** Reads certificates and token again. @throws {Error} those before stay */
  renew(): void {
    const token = this.#readToken();
    this.#listener?.renewCertificate();
    this.#token = token;
  }

  /** Answers what is under way. */
  async close(): Promise<void> {
    this.#isStopping = true;
    await this.#listener?.close(STOP_GRACE_MS);
  }

  /** Its hash; undefined if none is wanted. */
  #readToken(): Buffer | undefined {
    const { tokenFile } = this.#options;
    if (tokenFile === undefined) return undefined;
    let token: string;
    try {
      token = readFileSync(tokenFile, 'latin1').trim();
    } catch (error) {
      throw new Error(`can't read ${tokenFile}: ${reasonOf(error)}`);
    }
    // Another text would never be equal to what a client sends.
    if (!/^\S+$/.test(token) || token.length > LONGEST_TOKEN) throw new Error(`${tokenFile} has no token`);
    return digest(token);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Who has gone gets no answer.
    request.on('error', () => {});
    response.on('error', () => {});
    const { status, body, isTaken } = await this.#answerTo(request);
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
    if (!isTaken && status !== 401) this.#options.onRefused?.();
    if (response.destroyed) return;
    const text = `${JSON.stringify(body)}\n`;
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
      ...(status === 405 && { allow: 'POST' }),
      ...(status === 503 && { 'retry-after': '1' }),
      // The rest of a body that is not wanted is not read.
      ...(!request.complete && { connection: 'close' }),
    });
    response.end(text, () => {
      if (!request.complete) request.destroy();
    });
  }

  async #answerTo(request: IncomingMessage): Promise<Answer> {
    const refused = this.#refusal(request);
    if (refused) return refused;
    const size = request.headers['content-length'];
    const expected = size === undefined ? LARGEST_BODY : Number(size);
    if (expected > LARGEST_BODY) return TOO_LARGE;
    if (this.#isStopping) return LATER;
    if (this.#bodyBytes + expected > MOST_BODY_BYTES) return LATER;
    const peer = peerOf(request.socket);
    this.#bodyBytes += expected;
    this.#busy.add(peer);
    try {
      const bytes = await readBody(request, expected);
      if (!bytes) return TOO_LARGE;
      const isGzip = request.headers['content-encoding'] === 'gzip';
      return answerFor(await this.#options.evaluate({ form: 'value', bytes, isGzip }));
    } catch {
      // The sender has gone, or the thread that evaluates.
      return LATER;
    } finally {
      this.#bodyBytes -= expected;
      this.#busy.delete(peer);
    }
  }

  /** Why a request is not even read; what strangers learn is only that they are strangers. */
  #refusal({ method, url = '', headers }: IncomingMessage): Answer | undefined {
    if (!this.#isKnown(headers.authorization)) return failed(401, 'a token is required');
    const [path] = url.split('?', 1);
    if (path !== this.#options.path) return failed(404, 'not found');
    if (method !== 'POST') return failed(405, 'only POST');
    const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
    if (type.trim().toLowerCase() !== 'application/json') return failed(415, 'only application/json');
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'gzip' && encoding !== 'identity') return failed(415, 'only gzip');
    return undefined;
  }

  /** In constant time. Without a token the certificate has decided. */
  #isKnown(authorization = ''): boolean {
    if (!this.#token) return true;
    const [, token = ''] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    return timingSafeEqual(digest(token), this.#token);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'latin1').digest();
}

function failed(status: number, error: string): Answer {
  return { status, body: { error } };
}

const TOO_LARGE = failed(413, `more than ${LARGEST_BODY} bytes`);
const LATER = failed(503, 'come again');

/**
 * Undefined if it is too large. Rejects if the sender goes. The parts are not kept: a byte that is sent alone would take some hundreds.
 * @param expected its size, as far as that is known
 */
async function readBody(request: IncomingMessage, expected: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let body = new Uint8Array(Math.min(expected, FIRST_BODY));
  let size = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    const bytes = part as Uint8Array;
    if (size + bytes.length > LARGEST_BODY) return undefined;
    if (size + bytes.length > body.length) {
      const larger = new Uint8Array(Math.min(Math.max(2 * body.length, size + bytes.length), LARGEST_BODY));
      larger.set(body.subarray(0, size));
      body = larger;
    }
    body.set(bytes, size);
    size += bytes.length;
  }
  return body.length === size ? body : body.slice(0, size);
}

/** What can't be read is refused: sending it again does not help. All else is taken, whatever came of the events: it is counted. */
function answerFor({ received, evaluated, duplicates, dropped, unreadable }: TextOutcome): Answer {
  const body = { received, evaluated, duplicates, dropped: Object.fromEntries(dropped) };
  if (unreadable === undefined) return { status: 200, body, isTaken: true };
  return { status: unreadable === 'too-large' ? 413 : 400, body: { error: unreadable, ...body }, isTaken: true };
}
