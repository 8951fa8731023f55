// One stream of requests to enter pods, from a receiver of audit events: over HTTPS, by the token of the pod's service account. Nothing that the receiver
// sends is unbounded, or believed before its certificate is verified.

import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { escapeText } from '../../diagnostics/escape.ts';
import { asText, at } from '../../diagnostics/json-value.ts';
import { reasonOf, withoutAdvice } from '../../diagnostics/system-reason.ts';
import {
  LONGEST_STREAM_LINE,
  readStreamMessage,
  STREAM_PATH,
  type StreamMessage,
} from '../../sessions/stream-messages.ts';
import type { StreamPosition } from '../../sessions/stream-state.ts';

const NEWLINE = 0x0a;
const CONNECT_TIMEOUT_MS = 10_000;
/** The receiver writes far more often. */
const SILENCE_MS = 30_000;
const LONGEST_ERROR = 4_096;
const LONGEST_REASON = 300;

export interface ReceiverPlace {
  /** `https://host:port` */
  readonly url: string;
  /** PEM of those who sign its certificate. */
  readonly authorities: string;
  readonly tokenFile: string;
}

/** Why there is no stream; the message is for people. */
export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';
}

/**
 * Opens a stream, and calls back with each message until it ends. Rejects with ReceiverError; a stream that the receiver ends, after it has begun, resolves.
 * @param from position to continue at
 * @param silenceMs for tests
 */
export async function readStream(
  { url, authorities, tokenFile }: ReceiverPlace,
  from: StreamPosition | undefined,
  take: (message: StreamMessage) => void,
  signal: AbortSignal,
  silenceMs = SILENCE_MS,
): Promise<void> {
  const [ca, token] = await Promise.all([read(authorities), read(tokenFile)]);
  // An empty text would mean the public authorities.
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new ReceiverError(`${authorities} has no certificate in PEM form`);
  }
  if (!/^\S+$/.test(token.trim())) throw new ReceiverError(`${tokenFile} has no token`);
  const target = new URL(STREAM_PATH, url);
  if (from) {
    target.searchParams.set('epoch', from.epoch);
    target.searchParams.set('position', String(from.position));
  }
  const headers = { authorization: `Bearer ${token.trim()}`, accept: 'application/x-ndjson', 'user-agent': 'wasprey' };
  try {
    const response = await open(target, { ca, headers, signal });
    if (response.statusCode !== 200) throw await refusal(response);
    await readMessages(response, take, silenceMs);
  } catch (error) {
    if (error instanceof ReceiverError) throw error;
    throw new ReceiverError(`${target.host} can't be reached: ${shown(withoutAdvice(reasonOf(error)))}`);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    throw new ReceiverError(`can't read ${path}: ${reasonOf(error)}`);
  }
}

interface StreamRequest {
  readonly ca: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

function open(target: URL, { ca, headers, signal }: StreamRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Without an agent: a broken connection must not be used again.
    const sent = request(target, { ca, headers, signal, agent: false, minVersion: 'TLSv1.2' });
    const timer = setTimeout(() => sent.destroy(new Error('no answer in time')), CONNECT_TIMEOUT_MS);
    sent.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    sent.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.end();
  });
}

async function readMessages(
  response: IncomingMessage,
  take: (message: StreamMessage) => void,
  silenceMs: number,
): Promise<void> {
  let [hasBegun, bytes] = [false, 0];
  let rest: Buffer[] = [];
  const timer = setTimeout(() => response.destroy(new Error('the receiver is silent')), silenceMs);
  try {
    for await (const chunk of response) {
      timer.refresh();
      let part = chunk as Buffer;
      for (let end = part.indexOf(NEWLINE); end >= 0; end = part.indexOf(NEWLINE)) {
        const line = Buffer.concat([...rest, part.subarray(0, end)]);
        [rest, bytes, part] = [[], 0, part.subarray(end + 1)];
        const message = line.length > LONGEST_STREAM_LINE ? undefined : readStreamMessage(line.toString('utf8'));
        if (!message || hasBegun === (message.kind === 'begin')) throw new ReceiverError('it sends something else');
        hasBegun = true;
        take(message);
      }
      bytes += part.length;
      if (bytes > LONGEST_STREAM_LINE) throw new ReceiverError('it sends a line that is too long');
      if (part.length > 0) rest.push(part);
    }
  } finally {
    clearTimeout(timer);
    response.destroy();
  }
  if (!hasBegun) throw new ReceiverError('the receiver has ended the stream before it began');
}

async function refusal(response: IncomingMessage): Promise<ReceiverError> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > LONGEST_ERROR) break;
  }
  response.destroy();
  let reason = '';
  try {
    reason = asText(at(JSON.parse(text), 'error')) ?? '';
  } catch {
    // a proxy's page
  }
  return new ReceiverError(`the receiver answers ${response.statusCode}${reason === '' ? '' : `: ${shown(reason)}`}`);
}

function shown(text: string): string {
  return escapeText(text.slice(0, LONGEST_REASON));
}
