// Requests to the API server, for one answer or a stream of lines, with limits on time and length.

import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { asArray, asText, at } from '../../diagnostics/json-value.ts';
import { type FailureKind, MetadataError } from '../failure-log.ts';
import type { ApiConnection } from './connection.ts';

/** Limit for the full list of pods of one node: a pod has some 10 KB. */
const LONGEST_ANSWER = 64 * 1024 * 1024;
/** Limit for one event: the server stores objects of up to 1.5 MB. */
const LONGEST_LINE = 4 * 1024 * 1024;
/** An error's text. */
const LONGEST_ERROR = 64 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/** TCP keep-alive detects a server that vanished. */
const KEEP_ALIVE_MS = 15_000;

/** Labels and owners, without the rest of an object. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** What a request sends, and how. */
interface Body {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly type: string;
  readonly text: string;
}

export class ApiClient {
  readonly #connection: ApiConnection;
  readonly #closed = new AbortController();

  constructor(connection: ApiConnection) {
    this.#connection = connection;
  }

  /** Undefined if not found. Rejects with MetadataError. */
  async get(path: string, timeoutMs: number, accept = 'application/json'): Promise<unknown> {
    const response = await this.#send(path, accept, AbortSignal.timeout(timeoutMs));
    const text = await readAll(response, response.statusCode === 200 ? LONGEST_ANSWER : LONGEST_ERROR);
    if (response.statusCode === 404) return undefined;
    if (response.statusCode !== 200) throw refusal(response.statusCode ?? 0, text);
    return parse(text);
  }

  /** Creates an object below that path, and returns it as the server has it. Rejects with MetadataError. */
  async create(path: string, object: unknown, timeoutMs: number): Promise<unknown> {
    const body = { method: 'POST', type: 'application/json', text: JSON.stringify(object) } as const;
    const response = await this.#send(path, 'application/json', AbortSignal.timeout(timeoutMs), body);
    const text = await readAll(response, LONGEST_ANSWER);
    if (response.statusCode !== 201) throw refusal(response.statusCode ?? 0, text);
    return parse(text);
  }

  /** Deletes an object. False if there is none, or another one than the options' preconditions name. Rejects with MetadataError. */
  delete(path: string, options: object, timeoutMs: number): Promise<boolean> {
    const body = { method: 'DELETE', type: 'application/json', text: JSON.stringify(options) } as const;
    return this.#change(path, body, timeoutMs);
  }

  /** Merges members into an object. False if there is none, or another one than the uid in them. Rejects with MetadataError. */
  patch(path: string, members: object, timeoutMs: number): Promise<boolean> {
    const body = { method: 'PATCH', type: 'application/merge-patch+json', text: JSON.stringify(members) } as const;
    return this.#change(path, body, timeoutMs);
  }

  async #change(path: string, body: Body, timeoutMs: number): Promise<boolean> {
    const response = await this.#send(path, 'application/json', AbortSignal.timeout(timeoutMs), body);
    const text = await readAll(response, LONGEST_ANSWER);
    const status = response.statusCode ?? 0;
    if (status === 404 || status === 409 || (status === 422 && isAboutUid(text))) return false;
    if (status < 200 || status > 299) throw refusal(status, text);
    return true;
  }

  /** Labels and owners of an object. */
  async metadata(path: string, timeoutMs: number): Promise<unknown> {
    return at(await this.get(path, timeoutMs, METADATA_ONLY), 'metadata');
  }

  /**
   * Calls `take` with each line's object until the server ends the stream. Rejects with MetadataError.
   * @param silenceMs the server counts as lost after so long without a byte
   */
  async stream(path: string, silenceMs: number, take: (object: unknown) => void): Promise<void> {
    const silent = new AbortController();
    const timer = setTimeout(
      () => silent.abort(new DOMException('no data from the server', 'TimeoutError')),
      silenceMs,
    );
    timer.unref();
    try {
      const response = await this.#send(path, 'application/json', silent.signal);
      if (response.statusCode !== 200) throw refusal(response.statusCode ?? 0, await readAll(response, LONGEST_ERROR));
      let rest: Buffer[] = [];
      let size = 0;
      for await (const chunk of chunksOf(response)) {
        timer.refresh();
        let from = 0;
        for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
          rest.push(chunk.subarray(from, end));
          take(parse(Buffer.concat(rest).toString('utf8')));
          rest = [];
          size = 0;
          from = end + 1;
        }
        size += chunk.length - from;
        if (size > LONGEST_LINE) throw new MetadataError('invalid', 'an event of the watch is too long');
        if (from < chunk.length) rest.push(chunk.subarray(from));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#closed.abort();
  }

  async #send(path: string, accept: string, signal: AbortSignal, body?: Body): Promise<IncomingMessage> {
    const { server } = this.#connection;
    const options = await this.#connection.options();
    const url = new URL(server.pathname.replace(/\/$/, '') + path, server);
    // Load node:http only when needed, as in unix-http.ts: servers without TLS are rare.
    const send = url.protocol === 'https:' ? httpsRequest : (await import('node:http')).request;
    return await new Promise((resolve, reject) => {
      const sent: ClientRequest = send(url, {
        ...options,
        method: body?.method ?? 'GET',
        headers: {
          ...options.headers,
          accept,
          'user-agent': 'wasprey',
          ...(body && { 'content-type': body.type, 'content-length': Buffer.byteLength(body.text) }),
        },
        signal: AbortSignal.any([signal, this.#closed.signal]),
      });
      sent.once('socket', (socket) => {
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
        if (!socket.connecting) return;
        const timer = setTimeout(
          () => sent.destroy(new MetadataError('timeout', `${url.host} can't be reached in time`)),
          CONNECT_TIMEOUT_MS,
        );
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(timer));
        socket.once('close', () => clearTimeout(timer));
      });
      sent.once('response', resolve);
      // Also after the response: a connection that breaks then ends the response with its own error.
      sent.on('error', (error) => reject(asFailure(error)));
      sent.end(body?.text);
    });
  }
}

async function* chunksOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    throw asFailure(error);
  }
}

async function readAll(response: IncomingMessage, longest: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response)) {
    size += chunk.length;
    if (size > longest) throw new MetadataError('invalid', 'the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MetadataError('invalid', 'the answer is not valid JSON');
  }
}

/** Whether a change is invalid only because the object has another uid: a later one of the same name. */
function isAboutUid(text: string): boolean {
  try {
    const fields = asArray(at(JSON.parse(text), 'details', 'causes')).map((cause) => at(cause, 'field'));
    return fields.length > 0 && fields.every((field) => field === 'metadata.uid');
  } catch {
    return false;
  }
}

/** From an unsuccessful answer. */
function refusal(status: number, text: string): MetadataError {
  let message = `status ${status}`;
  try {
    message = asText(at(JSON.parse(text), 'message')) ?? message;
  } catch {
    // a proxy's page
  }
  return new MetadataError(kindOfStatus(status), message);
}

export function kindOfStatus(status: number): FailureKind {
  if (status === 401 || status === 403) return 'denied';
  if (status === 410) return 'expired';
  if (status === 429) return 'busy';
  return 'error';
}

function asFailure(error: unknown): MetadataError {
  if (error instanceof MetadataError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'TimeoutError' || name === 'AbortError') return new MetadataError('timeout', 'no answer in time');
  return new MetadataError('unreachable', message);
}
