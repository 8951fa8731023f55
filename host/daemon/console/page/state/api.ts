// Requests to the agent, which serves only this page.

import type { OpenedSession } from '../../messages.ts';

/** A connection whose other end has gone without a word would keep a request for minutes. */
export const PATIENCE_MS = 5_000;

/** What became of a request. */
export type Reply<Body> =
  | { readonly kind: 'done'; readonly body: Body }
  /** There is no such thing, or not any more. */
  | { readonly kind: 'gone' }
  /** The session is over: the agent has restarted, or it is another one's browser. */
  | { readonly kind: 'over' }
  | { readonly kind: 'failed'; readonly reason: string };

/** In the browser, for all windows of this address: no other port's pages can read it. */
const STORED_AS = 'session';
let session = storedSession();

function storedSession(): string | undefined {
  try {
    return localStorage.getItem(STORED_AS) ?? undefined;
  } catch {
    // The browser stores nothing for pages.
    return undefined;
  }
}

function keepSession(path: string): void {
  session = path;
  try {
    localStorage.setItem(STORED_AS, path);
  } catch {
    // The session is this window's alone.
  }
}

/** @param path below that of the session */
export function addressOf(path: string): string {
  return `${session ?? '/api'}/${path}`;
}

/** The answer of a path below that of the session, whose type the caller knows. */
export async function ask<Body>(path: string, signal?: AbortSignal): Promise<Reply<Body>> {
  return replyOf<Body>(path, { signal: signal ?? null });
}

/** The answer to a request with a text. */
export async function send<Body>(path: string, text: string, signal?: AbortSignal): Promise<Reply<Body>> {
  return replyOf<Body>(path, { method: 'POST', body: text, signal: signal ?? null });
}

async function replyOf<Body>(path: string, request: RequestInit): Promise<Reply<Body>> {
  try {
    const response = await fetch(addressOf(path), { ...request, cache: 'no-store' });
    if (response.status === 401) return { kind: 'over' };
    if (response.status === 404) return { kind: 'gone' };
    if (response.status === 413) return { kind: 'failed', reason: 'the text is too long' };
    if (!response.ok) return { kind: 'failed', reason: await errorOf(response) };
    return { kind: 'done', body: (await response.json()) as Body };
  } catch {
    return { kind: 'failed', reason: 'the agent does not answer' };
  }
}

/** Whether there is a session; undefined if the agent does not answer. */
export async function hasSession(): Promise<boolean | undefined> {
  if (session === undefined) return false;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return (await fetch(addressOf('session'), { cache: 'no-store', signal })).status === 204;
  } catch {
    return undefined;
  }
}

/** Opens a session by a token; the reason if it can't. */
export async function openSession(token: string): Promise<string | undefined> {
  try {
    const response = await fetch('/session', { method: 'POST', body: token });
    if (response.ok) {
      keepSession(((await response.json()) as OpenedSession).path);
      return undefined;
    }
    return await errorOf(response);
  } catch {
    return 'the agent does not answer';
  }
}

/** Why the agent does not do it. */
async function errorOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { readonly error?: string };
  return error ?? `the agent answered with status ${response.status}`;
}
