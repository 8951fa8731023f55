// Who may see the page: a token that is good once becomes a session, by a cookie that only this page gets. And from where: a web page of somebody
// else must reach the agent neither by its own requests nor by a name that it has resolve to this machine (DNS rebinding).

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

const TOKEN_BYTES = 32;
/** 22 characters in base64url. */
const PATH_BYTES = 16;
const SESSION_MS = 12 * 60 * 60_000;
/** The oldest ends for a new one. */
const MOST_SESSIONS = 16;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** The token that opens the page, kept in a file for `wasprey console`. */
export class OneTimeToken {
  readonly #path: string;
  readonly #address: string;
  #hash: Buffer = Buffer.alloc(0);
  #link = '';

  /** @param address of the page. Throws the errors of writing the file. */
  constructor(path: string, address: string) {
    this.#path = path;
    this.#address = address;
    this.#renew();
  }

  /** The page's address with the token. Behind the #, so that it reaches neither logs nor other pages. */
  get link(): string {
    return this.#link;
  }

  /** Whether that is the token. It is used up then, and the file has the next one. Throws the errors of writing that: the token stays good. */
  use(token: string): boolean {
    if (!timingSafeEqual(hashOf(token), this.#hash)) return false;
    this.#renew();
    return true;
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }

  #renew(): void {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const link = `${this.#address}#token=${token}`;
    mkdirSync(dirname(this.#path), { recursive: true, mode: FOLDER_MODE });
    const next = `${this.#path}.new`;
    rmSync(next, { force: true });
    writeFileSync(next, `${link}\n`, { mode: FILE_MODE, flag: 'wx' });
    chmodSync(next, FILE_MODE);
    renameSync(next, this.#path);
    this.#hash = hashOf(token);
    this.#link = link;
  }
}

/** Sessions of readers who have used a token. */
export class Sessions {
  /** When they end, by the hash of their cookie's value: looking up a hash takes no longer for a value that is nearly right. */
  readonly #ends = new Map<string, number>();

  /** @returns the value of its cookie */
  begin(now = Date.now()): string {
    const value = randomBytes(TOKEN_BYTES).toString('base64url');
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size < MOST_SESSIONS) break;
      this.#ends.delete(oldest);
    }
    this.#ends.set(hashOf(value).toString('hex'), now + SESSION_MS);
    return value;
  }

  has(value: string, now = Date.now()): boolean {
    return (this.#ends.get(hashOf(value).toString('hex')) ?? 0) > now;
  }
}

/**
 * A path for all requests of a session. Browsers send cookies to every port of a host, and so to services of other users: that of a session has a path
 * that they can't guess.
 */
export function sessionPath(): string {
  return `/api/${randomBytes(PATH_BYTES).toString('base64url')}`;
}

/** What a request asks for below the path of a session; undefined: it is below none. */
export function withinSession(path: string): string | undefined {
  return /^\/api\/[\w-]{22}\/(.*)$/.exec(path)?.[1];
}

export interface SessionCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly isSecure: boolean;
}

/** Set-Cookie. */
export function setCookie({ name, value, path, isSecure }: SessionCookie): string {
  const seconds = SESSION_MS / 1000;
  return `${name}=${value}; Path=${path}; HttpOnly; SameSite=Strict; Max-Age=${seconds}${isSecure ? '; Secure' : ''}`;
}

/** All of that name: services at other ports of the host can set cookies of the same name, which must not hide that of a session. */
export function cookiesOf({ headers }: IncomingMessage, name: string): string[] {
  return (headers.cookie ?? '').split(';').flatMap((part) => {
    const [key = '', value] = part.trim().split('=', 2);
    return key === name && value !== undefined ? [value] : [];
  });
}

/**
 * Why a request is not from the page itself; undefined if it is. An address or this machine's own name can't be made to point here by others,
 * as any other name can.
 */
export function foreignness(request: IncomingMessage, scheme: 'http' | 'https'): string | undefined {
  const { headers } = request;
  const { host = '', origin, 'sec-fetch-site': site } = headers;
  if (!isOwnHost(host)) return 'this host is not served: use an address or localhost';
  if (origin !== undefined && origin !== `${scheme}://${host}`) return 'requests of other pages are not answered';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink(request))
    return 'requests of other pages are not answered';
  return undefined;
}

/** A window goes to the page, by a link in a ticket or a chat. The page by itself has no data, and what it asks for then is its own. */
function isLink({ method, url, headers }: IncomingMessage): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers;
  return method === 'GET' && url === '/' && mode === 'navigate' && destination === 'document';
}

function isOwnHost(host: string): boolean {
  const [, name = ''] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(host) ?? [];
  const lower = name.toLowerCase();
  if (lower === 'localhost' || lower === hostname().toLowerCase()) return true;
  return isIP(name.startsWith('[') ? name.slice(1, -1) : name) !== 0;
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
