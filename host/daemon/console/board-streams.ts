// The open windows of the page: each is sent what has changed since its last message, twice a second at most, as server-sent events.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AlertBoard } from './alert-board.ts';
import { PAGE_HEADERS } from './page-files.ts';

const MOST_STREAMS = 8;
const EVERY_MS = 500;
/** Between two messages when nothing changes: they show the page that the agent is there. */
const SIGN_EVERY_MS = 5_000;
/** Bytes that a reader may leave unread; it is sent nothing until it has read them. All numbers are totals, so that nothing is lost. */
const MOST_UNREAD = 256 * 1024;
/** A reader that reads nothing for so long is gone. */
const LONGEST_UNREAD_MS = 30_000;

interface Stream {
  readonly peer: string;
  readonly response: ServerResponse;
  readonly isAllowed: () => boolean;
  /** Tick of the last message. */
  tick: number;
  sentAt: number;
}

export class BoardStreams {
  readonly #board: AlertBoard;
  readonly #streams = new Set<Stream>();
  #timer: NodeJS.Timeout | undefined;

  constructor(board: AlertBoard) {
    this.#board = board;
  }

  /** Whether that connection is a window's. */
  has(peer: string): boolean {
    for (const stream of this.#streams) if (stream.peer === peer) return true;
    return false;
  }

  /**
   * Begins to send; false if there are too many. A window that comes again says what it had last, as `INSTANCE.TICK`.
   * @param isAllowed whether its session goes on: the stream ends with it
   */
  add(peer: string, { headers }: IncomingMessage, response: ServerResponse, isAllowed: () => boolean): boolean {
    if (this.#streams.size >= MOST_STREAMS) return false;
    const [instance, tick] = String(headers['last-event-id'] ?? '').split('.', 2);
    const known = instance === this.#board.instance && /^\d{1,15}$/.test(tick ?? '') ? Number(tick) : 0;
    const stream: Stream = { peer, response, isAllowed, tick: known, sentAt: performance.now() };
    response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'text/event-stream' });
    // What the browser waits before it connects again.
    response.write('retry: 1000\n\n');
    this.#streams.add(stream);
    this.#timer ??= setInterval(() => this.#sendAll(), EVERY_MS).unref();
    response.once('close', () => this.#remove(stream));
    this.#board.nextTick();
    this.#send(stream, true);
    return true;
  }

  close(): void {
    for (const { response } of this.#streams) response.end();
  }

  #remove(stream: Stream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sendAll(): void {
    this.#board.nextTick();
    for (const stream of this.#streams) {
      if (stream.isAllowed()) this.#send(stream, false);
      else stream.response.end();
    }
  }

  #send(stream: Stream, isFirst: boolean): void {
    const { response } = stream;
    const now = performance.now();
    if (response.writableLength > MOST_UNREAD) {
      if (now - stream.sentAt > LONGEST_UNREAD_MS) response.destroy();
      return;
    }
    const message = this.#board.since(stream.tick) ?? (isFirst ? this.#board.since(0) : undefined);
    if (message) {
      stream.tick = message.tick;
      response.write(`id: ${message.instance}.${message.tick}\ndata: ${JSON.stringify(message)}\n\n`);
    } else if (now - stream.sentAt > SIGN_EVERY_MS) {
      response.write('event: sign\ndata: \n\n');
    } else return;
    stream.sentAt = now;
  }
}
