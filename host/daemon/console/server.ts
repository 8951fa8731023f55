// Serves the page: its files to anybody who can connect, everything else to those who have a session. It is
// read-only, but for actions where the configuration allows them.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Listener, peerOf, startListener } from '../web/listener.ts';
import {
  cookiesOf,
  foreignness,
  type OneTimeToken,
  Sessions,
  sessionPath,
  setCookie,
  withinSession,
} from './access.ts';
import type { AlertBoard } from './alert-board.ts';
import { BoardStreams } from './board-streams.ts';
import type { OpenedSession } from './messages.ts';
import type { PageFile } from './page-files.ts';
import { PAGE_HEADERS } from './page-files.ts';

const MOST_CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 5_000;
/** Longer than the longest look-up. */
const SILENCE_TIMEOUT_MS = 50_000;
const LARGEST_TOKEN = 1_024;
/** Bytes of a rule that is tried. */
const LARGEST_TEXT = 16_384;

/** Answers what the page asks about, by the path below that of the session. Undefined: there is no such thing. */
export interface ConsoleHost {
  get(path: string): Promise<unknown>;
  /** Answers a request with a text. */
  post(path: string, text: string): Promise<unknown>;
  /** Whether a request may change something: `console.actions`. */
  readonly allowsActions: boolean;
}

export interface ConsoleServerOptions {
  readonly address: string;
  /** 0, for tests: any that is free. */
  readonly port: number;
  readonly certificate?: string;
  readonly board: AlertBoard;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly host: ConsoleHost;
}

/** A rule that is tried on a capture. */
const TRIAL = /^captures\/[^/]+\/rule$/;
/** What changes something: a response is undone. */
const ACTION = /^responses\/[0-9a-f]{1,16}\/undo$/;

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const NOT_FOUND: Answer = { status: 404, body: { error: 'not found' } };
const FOREIGN: Answer = { status: 403, body: { error: 'requests of other pages are not answered' } };
const READ_ONLY: Answer = { status: 403, body: { error: 'the page is read-only: console.actions is off' } };
const TOO_LARGE: Answer = { status: 413, body: { error: 'the request is too large' } };
const NO_SESSION: Answer = {
  status: 401,
  body: { error: 'no session: `wasprey console` shows an address that opens one' },
};

export class ConsoleServer {
  readonly #options: ConsoleServerOptions;
  readonly #sessions = new Sessions();
  readonly #streams: BoardStreams;
  #listener: Listener | undefined;
  #token: OneTimeToken | undefined;

  private constructor(options: ConsoleServerOptions) {
    this.#options = options;
    this.#streams = new BoardStreams(options.board);
  }

  /** Rejects with the error of reading the certificate, or of listening. */
  static async start(options: ConsoleServerOptions): Promise<ConsoleServer> {
    const server = new ConsoleServer(options);
    const { address, port, certificate } = options;
    server.#listener = await startListener({
      ...{ address, port },
      ...(certificate !== undefined && { certificate }),
      mostConnections: MOST_CONNECTIONS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      silenceTimeoutMs: SILENCE_TIMEOUT_MS,
      isKept: (peer) => server.#streams.has(peer),
      respond: (request, response) => void server.#respond(request, response),
    });
    return server;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** A client that sends this token gets a session. Before the first call, none does. */
  open(token: OneTimeToken): void {
    this.#token = token;
  }

  /** @throws {Error} when the certificate can't be used; the one before stays */
  renewCertificate(): void {
    this.#listener?.renewCertificate();
  }

  async close(): Promise<void> {
    this.#streams.close();
    await this.#listener?.close();
  }

  get #scheme(): 'http' | 'https' {
    return this.#options.certificate === undefined ? 'http' : 'https';
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Who has gone gets no answer.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      const answer = await this.#answerTo(request, response);
      if (answer && !response.headersSent && !response.destroyed) send(request, response, answer);
    } catch {
      // Nothing of the agent's own failures is for a page to know.
      if (!response.headersSent)
        send(request, response, { status: 500, body: { error: 'the agent failed to answer' } });
    }
  }

  /** Undefined: it is answered already. */
  async #answerTo(request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
    const foreign = foreignness(request, this.#scheme);
    if (foreign !== undefined) return { status: 403, body: { error: foreign } };
    const { method, url = '' } = request;
    const [path = ''] = url.split('?', 1);
    if (path === '/session') return this.#session(request);
    const asked = withinSession(path);
    if (method === 'POST' && asked !== undefined && (TRIAL.test(asked) || ACTION.test(asked)))
      return this.#post(request, asked);
    request.resume();
    if (method !== 'GET') return { status: 405, body: { error: 'only GET' }, headers: { allow: 'GET' } };
    const file = this.#options.files.get(path);
    if (file) {
      sendFile(request, response, file);
      return undefined;
    }
    if (asked === undefined) return NOT_FOUND;
    if (!this.#hasSession(request)) return NO_SESSION;
    return this.#data(request, response, asked);
  }

  get #cookie(): string {
    return `wasprey-${this.port}`;
  }

  #hasSession(request: IncomingMessage): boolean {
    return cookiesOf(request, this.#cookie).some((value) => this.#sessions.has(value));
  }

  async #session(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'POST') {
      request.resume();
      return { status: 405, body: { error: 'only POST' }, headers: { allow: 'POST' } };
    }
    const body = await readBody(request, LARGEST_TOKEN);
    if (body === undefined) return TOO_LARGE;
    if (this.#token?.use(body) !== true) {
      return {
        status: 403,
        body: { error: 'the token is unknown, or was used already: `wasprey console` shows a new one' },
      };
    }
    const path = sessionPath();
    const isSecure = this.#scheme === 'https';
    const cookie = setCookie({ name: this.#cookie, value: this.#sessions.begin(), path, isSecure });
    return { status: 200, body: { path } satisfies OpenedSession, headers: { 'set-cookie': cookie } };
  }

  /** @param path below that of the session */
  async #data(request: IncomingMessage, response: ServerResponse, path: string): Promise<Answer | undefined> {
    const { host } = this.#options;
    if (path === 'session') return { status: 204 };
    if (path === 'stream') {
      const isAllowed = (): boolean => this.#hasSession(request);
      if (this.#streams.add(peerOf(request.socket), request, response, isAllowed)) return undefined;
      return { status: 429, body: { error: 'too many windows are open' } };
    }
    return found(await host.get(path));
  }

  /** @param path below that of the session */
  async #post(request: IncomingMessage, path: string): Promise<Answer> {
    const refusal = this.#refusalOf(request, path);
    if (refusal) {
      request.resume();
      return refusal;
    }
    const text = await readBody(request, LARGEST_TEXT);
    return text === undefined ? TOO_LARGE : found(await this.#options.host.post(path, text));
  }

  #refusalOf(request: IncomingMessage, path: string): Answer | undefined {
    if (!this.#hasSession(request)) return NO_SESSION;
    if (!isOfBrowser(request)) return FOREIGN;
    return ACTION.test(path) && !this.#options.host.allowsActions ? READ_ONLY : undefined;
  }
}

/** Browsers say where such a request is from, and foreignness() has found it to be this page. */
function isOfBrowser({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined;
}

function found(body: unknown): Answer {
  return body === undefined ? NOT_FOUND : { status: 200, body };
}

/** The body as text; undefined if it is too large. */
async function readBody(request: IncomingMessage, largest: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largest) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...PAGE_HEADERS,
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...headers,
    // The rest of a body that is not wanted is not read.
    ...(!request.complete && { connection: 'close' }),
  });
  response.end(text, () => {
    if (!request.complete) request.destroy();
  });
}

function sendFile({ headers }: IncomingMessage, response: ServerResponse, { type, plain, packed }: PageFile): void {
  const isPacked = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  const body = isPacked ? packed : plain;
  response.writeHead(200, {
    ...PAGE_HEADERS,
    'content-type': type,
    'content-length': body.length,
    ...(isPacked && { 'content-encoding': 'gzip' }),
    vary: 'accept-encoding',
  });
  response.end(body);
}
