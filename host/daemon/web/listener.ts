// A server for HTTP or HTTPS with limits: certificates that are renewed while it runs, a bounded number of connections, one request at a time
// on each.

import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { reasonOf } from '../../diagnostics/system-reason.ts';

const HEADERS_TIMEOUT_MS = 5000;
const CHECK_MS = 1000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const LARGEST_HEADERS = 16 * 1024;

export interface ListenerOptions {
  readonly address: string;
  /** 0, for tests: any that is free. */
  readonly port: number;
  /** PEM file of certificate and key, in any order: HTTPS. */
  readonly certificate?: string;
  /** PEM file of the key, if it is not in that of the certificate. */
  readonly key?: string;
  /** PEM file of the CAs that sign the certificates of clients; other clients are rejected. */
  readonly clientAuthorities?: string;
  readonly mostConnections: number;
  /** For a whole request. */
  readonly requestTimeoutMs: number;
  /** Without a byte either way: a client that reads no answers does not keep its connection. */
  readonly silenceTimeoutMs: number;
  /** Connections that are not closed for new ones. Default: none. */
  readonly isKept?: (peer: string) => boolean;
  readonly respond: RequestListener;
}

export interface Listener {
  readonly port: number;
  /**
   * Reloads the certificates, for new connections. With authorities of clients all others are ended.
   * @throws {Error} when they can't be used; those before stay
   */
  renewCertificate(): void;
  /** Stops to listen; resolves when all connections have ended. @param graceMs how long requests that are under way may take */
  close(graceMs?: number): Promise<void>;
}

/** Rejects with the error of reading a certificate, or of listening. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { certificate, key, clientAuthorities, requestTimeoutMs, respond } = options;
  const listener = oneAtATime(respond);
  const limits = {
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    // By default Node looks for requests that take too long every 30 s only.
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: LARGEST_HEADERS,
  };
  const context = (path: string) => ({
    ...readCertificate(path, key),
    ...(clientAuthorities !== undefined && { ca: readAuthorities(clientAuthorities) }),
    minVersion: 'TLSv1.2' as const,
  });
  const clients = clientAuthorities === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  const secure =
    certificate === undefined
      ? undefined
      : createSecureServer(
          { ...limits, ...context(certificate), ...clients, handshakeTimeout: HANDSHAKE_TIMEOUT_MS },
          listener,
        );
  const server = secure ?? createServer(limits, listener);
  const connections = limitConnections(server, options);
  server.timeout = options.silenceTimeoutMs;
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  // A request after the end must not keep the process.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    renewCertificate() {
      if (certificate === undefined) return;
      secure?.setSecureContext(context(certificate));
      // Who may not be heard any more must not go on by a connection of before.
      if (clientAuthorities !== undefined) for (const socket of connections) socket.destroy();
    },
    close: (graceMs = 0) => closeServer(server, graceMs),
  };
}

/** One file with both, as Falco has it, or two. Throws what reading them throws, or what is missing in them. */
function readCertificate(path: string, keyPath = path): { readonly cert: string; readonly key: string } {
  const [cert, key] = [readPem(path), readPem(keyPath)];
  if (!CERTIFICATE.test(cert)) throw new Error(`${path} has no certificate in PEM form`);
  if (!PRIVATE_KEY.test(key)) throw new Error(`${keyPath} has no private key in PEM form`);
  return { cert, key };
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----/;

function readAuthorities(path: string): string {
  const pem = readPem(path);
  // Without any the system's authorities would count.
  if (!CERTIFICATE.test(pem)) throw new Error(`${path} has no certificate in PEM form`);
  return pem;
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new Error(`can't read ${path}: ${reasonOf(error)}`);
  }
}

/** Address and port of the other end: with TLS a request has another socket than the connection. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/**
 * The oldest connection is closed for a new one: otherwise a silent client in the cluster could hold all of them, and nobody else would be
 * heard. If all of them are to be kept, the new one is closed.
 * @returns those that are open
 */
function limitConnections(
  server: Server,
  { mostConnections, isKept = () => false }: ListenerOptions,
): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size <= mostConnections) return;
    for (const oldest of open) {
      if (oldest !== socket && isKept(peerOf(oldest))) continue;
      oldest.destroy();
      return;
    }
  });
  return open;
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  if (graceMs > 0) {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  } else {
    server.closeAllConnections();
    await closed;
  }
}

/** Ends connections that send requests before reading the last answer: Node keeps all answers in memory, and some are long. */
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
