// The control socket: a Unix socket that its owner alone can open, over which a running agent reports its state and takes commands. It is not on the
// network: the file system decides who may connect.

import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { LOG_LEVELS, type LogLevel } from '../../diagnostics/log.ts';
import type { ReloadResult } from '../hot-reload/reloader.ts';
import { answerOfResponses, type InForceHost } from './responses.ts';
import type { AgentStatus } from './status.ts';

export interface ControlHost {
  status(): AgentStatus;
  /** Reloads the rules; resolves to the result. */
  reload(): Promise<ReloadAnswer>;
  /** What responses have in force. */
  readonly responses?: InForceHost | undefined;
  logLevel(): LogLevel;
  /** Valid until the configuration changes it, or the agent ends. */
  setLogLevel(level: LogLevel): void;
}

export interface LogLevelAnswer {
  readonly level: LogLevel;
  /** The previous level, if it was set. */
  readonly before?: LogLevel;
}

export interface ReloadAnswer {
  readonly result: ReloadResult;
  /** Why they are refused. */
  readonly reason?: string;
}

/** Another agent listens there. */
export class ControlTakenError extends Error {
  override readonly name = 'ControlTakenError';
}

const MOST_CONNECTIONS = 64;
/** Most idle connections, without a pending request: beyond that, the oldest are closed, so that they block no others. */
const MOST_IDLE = 16;
const REQUEST_TIMEOUT_MS = 5_000;
const FOLDER_MODE = 0o700;
const SOCKET_MODE = 0o600;

export interface ControlServer {
  close(): Promise<void>;
}

/** Rejects with ControlTakenError, or with the error of listening. */
export async function startControlServer(path: string, host: ControlHost): Promise<ControlServer> {
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  if (await answers(path)) throw new ControlTakenError(`another agent listens on ${path}`);
  // Removes the socket of a killed agent. Another file there is an error in the configuration: listening reports the address as taken.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
  const limits = {
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: REQUEST_TIMEOUT_MS,
    maxHeaderSize: 4096,
  };
  const server = createServer(limits, (request, response) => void respond(request, response, host));
  server.maxConnections = MOST_CONNECTIONS;
  boundIdle(server);
  server.on('clientError', (_, socket) => socket.destroy());
  // The socket is made with the rights that it will have: between making and changing it anybody could connect.
  const mask = process.umask(0o177);
  try {
    await listen(server, path);
  } finally {
    process.umask(mask);
  }
  chmodSync(path, SOCKET_MODE);
  server.unref();
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function boundIdle(server: Server): void {
  const idle = new Set<Socket>();
  const add = (socket: Socket): void => {
    if (!socket.destroyed) idle.add(socket);
    for (const oldest of idle) {
      if (idle.size <= MOST_IDLE) return;
      idle.delete(oldest);
      oldest.destroy();
    }
  };
  server.on('connection', (socket) => {
    socket.once('close', () => idle.delete(socket));
    add(socket);
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => add(socket));
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

async function respond(request: IncomingMessage, response: ServerResponse, host: ControlHost): Promise<void> {
  request.resume();
  const asked = `${request.method} ${request.url}`;
  const level = LOG_LEVELS.find((name) => asked === `POST /log-level/${name}`);
  const send = (status: number, body: unknown): void => {
    const text = JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  };
  try {
    if (asked === 'GET /status') send(200, host.status());
    else if (asked === 'POST /reload') send(200, await host.reload());
    else if (asked === 'GET /log-level') send(200, { level: host.logLevel() } satisfies LogLevelAnswer);
    else if (level !== undefined) send(200, setLogLevel(level, host));
    else {
      const answer = await answerOfResponses(asked, host.responses);
      if (answer) send(200, answer);
      else send(404, { error: `unknown request ${asked}` });
    }
  } catch (error) {
    send(500, { error: error instanceof Error ? error.message : String(error) });
  }
}

function setLogLevel(level: LogLevel, host: ControlHost): LogLevelAnswer {
  const before = host.logLevel();
  host.setLogLevel(level);
  return { level, before };
}
