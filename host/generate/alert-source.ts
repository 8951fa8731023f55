// Sources of the alerts that verify actions: an agent in this process, a file, or an agent's HTTP output.

import { closeSync, constants, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { startAgent } from '../agent/agent.ts';
import type { RuleModule } from '../agent/modules/rule-module.ts';
import { jsonLine } from '../outputs/alert.ts';
import type { Output } from '../outputs/output.ts';
import type { AlertWatch } from './alert-watch.ts';
import { parseAlert } from './seen-alert.ts';

/** Longest line or posted alert, in characters. */
const LONGEST_ALERT = 1 << 20;
const LOOK_EVERY_MS = 100;
const CHUNK = 64 * 1024;

export interface AlertSource {
  /** Number of lines that were not alerts, so far. */
  readonly unreadable: number;
  /** Why no more alerts come; undefined while the source works. */
  readonly failure: string | undefined;
  close(): Promise<void>;
}

/** Splits the input into lines and passes on the alerts. */
class AlertLines {
  readonly #watch: AlertWatch;
  #rest = '';
  unreadable = 0;
  failure: string | undefined;

  constructor(watch: AlertWatch) {
    this.#watch = watch;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.take(line);
    if (this.#rest.length > LONGEST_ALERT) {
      this.#rest = '';
      this.unreadable++;
    }
  }

  take(line: string): void {
    if (line.trim() === '') return;
    const alert = parseAlert(line);
    if (alert) this.#watch.take(alert);
    else this.unreadable++;
  }

  /** Drops an incomplete line, because the file was replaced. */
  forget(): void {
    this.#rest = '';
  }
}

/**
 * An agent in this process. Every matching rule is reported, so that none hides another.
 * @throws {EngineError}
 */
export async function ownAgent(
  module: RuleModule,
  watch: AlertWatch,
  onTrouble: (message: string) => void,
): Promise<AlertSource> {
  const lines = new AlertLines(watch);
  let written = 0;
  const output: Output = {
    name: 'generate',
    write(alert) {
      written++;
      lines.take(jsonLine(alert));
    },
    get counters() {
      return { written, dropped: 0, errors: 0 };
    },
    close: () => Promise.resolve(),
  };
  const agent = await startAgent({
    modules: [module],
    ruleMatching: 'all',
    outputs: [output],
    onTrouble,
    onEnd: (error) => {
      lines.failure = `the engine has stopped: ${error.message} [${error.code}]`;
    },
  });
  return sourceOf(lines, async () => {
    await agent.stop();
  });
}

/** @param path `-` for standard input; a regular file is read from its current end on. @throws the file system's errors */
export function followAlerts(path: string, watch: AlertWatch): AlertSource {
  if (path === '-') return followStream(process.stdin, watch);
  const kind = statSync(path);
  if (kind.isFile()) return followFile(path, watch);
  // For writing as well: opening does not wait for a writer then, and the stream does not end with one.
  if (kind.isFIFO()) {
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    return followStream(new Socket({ fd, readable: true, writable: false }), watch);
  }
  return followStream(createReadStream(path), watch);
}

function followStream(stream: Readable, watch: AlertWatch): AlertSource {
  const lines = new AlertLines(watch);
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => lines.add(text));
  stream.on('error', (error) => {
    lines.failure ??= error.message;
  });
  stream.on('end', () => {
    lines.failure ??= 'its input has ended';
  });
  return sourceOf(lines, async () => {
    stream.destroy();
  });
}

/** A log file that is appended to, truncated, or rotated. */
function followFile(path: string, watch: AlertWatch): AlertSource {
  const lines = new AlertLines(watch);
  let fd = openSync(path, 'r');
  let at = fstatSync(fd).size;
  const bytes = Buffer.alloc(CHUNK);
  let decoder = new TextDecoder();
  const startOver = (): void => {
    at = 0;
    decoder = new TextDecoder();
    lines.forget();
  };
  const readOn = (): void => {
    if (fstatSync(fd).size < at) startOver();
    for (let length = 1; length > 0; at += length) {
      length = readSync(fd, bytes, 0, CHUNK, at);
      lines.add(decoder.decode(bytes.subarray(0, length), { stream: true }));
    }
  };
  const look = (): void => {
    try {
      readOn();
      const named = statSync(path, { throwIfNoEntry: false });
      if (!named || named.ino === fstatSync(fd).ino) return;
      const next = openSync(path, 'r');
      closeSync(fd);
      fd = next;
      startOver();
      readOn();
    } catch (error) {
      lines.failure ??= error instanceof Error ? error.message : String(error);
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return sourceOf(lines, async () => {
    clearInterval(timer);
    closeSync(fd);
  });
}

/**
 * Receives alerts from an agent's HTTP output: one a request, or one a line.
 * @throws the network's errors
 */
export async function listenForAlerts(
  host: string,
  port: number,
  watch: AlertWatch,
): Promise<AlertSource & { readonly port: number }> {
  const lines = new AlertLines(watch);
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => {
        for (const line of body === undefined ? [] : alertsIn(body)) lines.take(line);
        if (body === undefined) lines.unreadable++;
        response.writeHead(body === undefined ? 413 : 200, { connection: body === undefined ? 'close' : 'keep-alive' });
        response.end();
      })
      .catch(() => request.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const source = sourceOf(lines, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return Object.assign(source, { port: typeof address === 'object' && address ? address.port : port });
}

/** Undefined if it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  request.setEncoding('utf8');
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > LONGEST_ALERT) return undefined;
  }
  return body;
}

/** A body that is one JSON value may contain line ends. */
function alertsIn(body: string): string[] {
  return parseAlert(body) ? [body] : body.split('\n');
}

function sourceOf(lines: AlertLines, close: () => Promise<void>): AlertSource {
  return {
    get unreadable() {
      return lines.unreadable;
    },
    get failure() {
      return lines.failure;
    },
    close,
  };
}
