// The web server: health, readiness, versions and metrics. It is read-only.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { EXPOSITION_TYPE } from '../metrics/exposition.ts';
import type { Health } from './health.ts';
import { type Listener, startListener } from './listener.ts';

/** More connections than requests for health and metrics need. */
const MOST_CONNECTIONS = 64;
const REQUEST_TIMEOUT_MS = 5000;
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

export type WebServer = Listener;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Rejects with the error of reading the certificate, or of listening. */
export function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { address, port, certificate } = options;
  return startListener({
    address,
    port,
    ...(certificate !== undefined && { certificate }),
    mostConnections: MOST_CONNECTIONS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    silenceTimeoutMs: SILENCE_TIMEOUT_MS,
    respond: (request, response) => respond(request, response, options),
  });
}

const METRICS_OFF =
  'metrics are off: set metrics.enabled and webserver.prometheus_metrics_enabled to true (the value metrics.enabled of the chart sets both)';

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
