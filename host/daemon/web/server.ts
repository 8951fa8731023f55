// The web server: health, readiness, versions and metrics. It is read-only.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { EXPOSITION_TYPE } from '../metrics/exposition.ts';
import type { Health } from './health.ts';

/** More connections than requests for health and metrics need. */
const MOST_CONNECTIONS = 64;
const REQUEST_TIMEOUT_MS = 5000;
/** Idle time without a byte either way: a client that reads no answers does not keep its connection. */
const SILENCE_TIMEOUT_MS = 10_000;
const JSON_TYPE = 'application/json';

export interface WebServerOptions {
  readonly address: string;
  /** 0, for tests: any that is free. */
  readonly port: number;
  readonly healthPath: string;
  /** PEM file of certificate and key, in any order: HTTPS. */
  readonly certificate?: string;
  readonly health: () => Health;
  readonly versions: Readonly<Record<string, unknown>>;
  /** Undefined: no metrics are served. */
  readonly metrics?: () => string;
}

export interface WebServer {
  readonly port: number;
  /**
   * Reloads the certificate, for new connections.
   * @throws {Error} when it can't be used; the one before stays
   */
  renewCertificate(): void;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Rejects with the error of reading the certificate, or of listening. */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const listener = oneAtATime((request, response) => respond(request, response, options));
  const limits = { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 16 * 1024 };
  const { certificate } = options;
  const secure =
    certificate === undefined
      ? undefined
      : createSecureServer({ ...limits, ...readCertificate(certificate), minVersion: 'TLSv1.2' }, listener);
  const server = secure ?? createServer(limits, listener);
  limitConnections(server);
  server.timeout = SILENCE_TIMEOUT_MS;
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  // A health request after the end must not keep the process.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    renewCertificate() {
      if (certificate !== undefined)
        secure?.setSecureContext({ ...readCertificate(certificate), minVersion: 'TLSv1.2' });
    },
    close: () => closeServer(server),
  };
}

/** One file with both, as Falco has it. Throws what reading it throws, or what is missing in it. */
function readCertificate(path: string): { readonly cert: string; readonly key: string } {
  const pem = readPem(path);
  for (const [what, mark] of [
    ['certificate', /-----BEGIN CERTIFICATE-----/],
    ['private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ] as const) {
    if (!mark.test(pem)) throw new Error(`${path} has no ${what} in PEM form`);
  }
  return { cert: pem, key: pem };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new Error(`can't read ${path}: ${reasonOf(error)}`);
  }
}

/**
 * The oldest connection is closed for a new one: otherwise a silent client in the cluster could hold all of them, and the kubelet would
 * take the agent for dead.
 */
function limitConnections(server: Server): void {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const [oldest] = open;
    if (open.size > MOST_CONNECTIONS) oldest?.destroy();
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const METRICS_OFF =
  'metrics are off: set metrics.enabled and webserver.prometheus_metrics_enabled to true (the value metrics.enabled of the chart sets both)';

/** Ends connections that send requests before reading the last answer: Node keeps all answers in memory, and metrics are long. */
function oneAtATime(listener: RequestListener): RequestListener {
  const busy = new WeakSet<Socket>();
  return (request, response) => {
    const { socket } = request;
    if (busy.has(socket)) socket.destroy();
    // Data that arrived with the first request is still passed on.
    if (socket.destroyed) return;
    busy.add(socket);
    response.once('close', () => busy.delete(socket));
    listener(request, response);
  };
}

function respond(request: IncomingMessage, response: ServerResponse, options: WebServerOptions): void {
  // Request bodies are not read.
  request.resume();
  const { status, type, body } = answer(request, options);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function answer({ method, url = '' }: IncomingMessage, options: WebServerOptions): Answer {
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET');
  const [path] = url.split('?', 1);
  switch (path) {
    case options.healthPath:
      return healthAnswer(options.health(), 'alive');
    case '/startupz':
      return healthAnswer(options.health(), 'started');
    case '/readyz':
      return healthAnswer(options.health(), 'ready');
    case '/versions':
      return { status: 200, type: JSON_TYPE, body: JSON.stringify(options.versions) };
    case '/metrics':
      return options.metrics ? { status: 200, type: EXPOSITION_TYPE, body: options.metrics() } : text(404, METRICS_OFF);
    default:
      return text(404, 'not found');
  }
}

function healthAnswer(health: Health, wanted: 'alive' | 'started' | 'ready'): Answer {
  // As Falco writes it, blank included.
  const detail = wanted === 'ready' && health.detail !== undefined ? { detail: health.detail } : undefined;
  if (health[wanted])
    return {
      status: 200,
      type: JSON_TYPE,
      body: detail ? JSON.stringify({ status: 'ok', ...detail }) : '{"status": "ok"}',
    };
  const answer = { status: 'unavailable', reason: health.reason, ...detail };
  return { status: 503, type: JSON_TYPE, body: JSON.stringify(answer) };
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}
