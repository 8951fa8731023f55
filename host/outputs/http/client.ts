// POST requests to a receiver of alerts, with persistent connections, TLS with own keys, and compression; classifies the answers.

import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { reasonOf as systemReasonOf, withoutAdvice } from '../../diagnostics/system-reason.ts';
import { LONGEST_TIMER_MS } from '../long-timer.ts';
import type { Attempt } from '../spool/delivery.ts';

export interface HttpReceiver {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly keepAlive: boolean;
  readonly compress: boolean;
  readonly tls: TlsOptions;
}

/** Paths of PEM files. */
export interface TlsOptions {
  /** The receiver's certificate is not checked. */
  readonly insecure: boolean;
  /** Trusted authorities. Without any, those of the system are trusted. */
  readonly authorities: readonly string[];
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** The configuration of a receiver is invalid. */
export class HttpReceiverError extends Error {
  override readonly name = 'HttpReceiverError';
}

/** Longest part of an error answer that is kept. */
const LONGEST_ANSWER = 64 * 1024;
const SHOWN_ANSWER = 200;
/** Limits for Retry-After: 0 would cause retries without pause. */
const LEAST_WAIT_MS = 200;
const MOST_WAIT_MS = 5 * 60_000;

/** The request itself is invalid, so a retry would fail too. Requests with other statuses may succeed later. */
const REFUSALS = new Set([400, 413, 415, 422]);

const compressed = promisify(gzip);

export class HttpClient {
  readonly #receiver: HttpReceiver;
  readonly #agent: HttpAgent;

  /** @throws {HttpReceiverError} for files that can't be read */
  constructor(receiver: HttpReceiver) {
    this.#receiver = receiver;
    const { url, keepAlive, tls } = receiver;
    // One connection keeps alerts in order.
    const options = { keepAlive, maxSockets: 1 };
    if (url.protocol === 'http:') this.#agent = new HttpAgent(options);
    else if (url.protocol === 'https:') this.#agent = new HttpsAgent({ ...options, ...tlsMaterial(tls) });
    else throw new HttpReceiverError(`${url.protocol}// is not supported; use http:// or https://`);
  }

  /** @param headers besides the receiver's own; does not reject */
  async post(body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Attempt> {
    const { receiver, agent } = { receiver: this.#receiver, agent: this.#agent };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.min(receiver.timeoutMs, LONGEST_TIMER_MS))]);
    try {
      const sent = receiver.compress ? await compressed(body) : body;
      const options: RequestOptions = {
        method: 'POST',
        agent,
        signal: limit,
        headers: {
          ...receiver.headers,
          ...headers,
          'content-length': String(sent.length),
          ...(receiver.compress && { 'content-encoding': 'gzip' }),
        },
      };
      const { status, text, retryAfter } = await exchange(receiver.url, options, sent);
      if (status >= 200 && status < 300) return { kind: 'taken' };
      const reason = `${receiver.url.host} answered ${status}${text === '' ? '' : `: ${text}`}`;
      if (REFUSALS.has(status)) return { kind: 'refused', reason };
      return { kind: 'failed', reason, ...(retryAfter !== undefined && { waitMs: retryAfter }) };
    } catch (error) {
      const late = limit.aborted && !signal.aborted;
      const reason = late ? `no answer within ${receiver.timeoutMs / 1000} s` : reasonOf(error);
      return { kind: 'failed', reason: `${receiver.url.host}: ${reason}` };
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

interface Answer {
  readonly status: number;
  /** The beginning of the answer, for messages. */
  readonly text: string;
  /** ms; the requested wait, within limits. */
  readonly retryAfter: number | undefined;
}

function exchange(url: URL, options: RequestOptions, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, options, (response) => {
      readAnswer(response).then(resolve, reject);
    });
    request.once('error', reject);
    // Without this Node closes the connection without an event, so that not even the timeout ends the request.
    request.once('upgrade', (response: IncomingMessage, socket: Duplex) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, text: 'it requests another protocol', retryAfter: undefined });
    });
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    // Do not wait for the rest; close the connection instead.
    if (length > LONGEST_ANSWER) break;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8').trim().slice(0, SHOWN_ANSWER);
  const seconds = Number(response.headers['retry-after'] ?? Number.NaN);
  const retryAfter = seconds >= 0 ? Math.min(Math.max(seconds * 1000, LEAST_WAIT_MS), MOST_WAIT_MS) : undefined;
  return { status: response.statusCode ?? 0, text, retryAfter };
}

function tlsMaterial({ insecure, authorities, certificate, key }: TlsOptions) {
  const material = {
    ...(authorities.length > 0 && { ca: authorities.map(readAuthorities) }),
    ...(certificate !== undefined && { cert: readPem(certificate) }),
    ...(key !== undefined && { key: readPem(key) }),
  };
  try {
    // Check now, not at the first alert.
    return { secureContext: createSecureContext(material), rejectUnauthorized: !insecure };
  } catch (error) {
    throw new HttpReceiverError(`its certificates or key can't be used: ${reasonOf(error)}`);
  }
}

/** Node would accept a file without certificates, and trust nothing. */
function readAuthorities(path: string): Buffer {
  const pem = readPem(path);
  if (!pem.includes('-----BEGIN ')) throw new HttpReceiverError(`${path} has no certificate in PEM form`);
  return pem;
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new HttpReceiverError(`can't read ${path}: ${systemReasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A name with several addresses fails with one error for each.
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return withoutAdvice(error.message);
}
