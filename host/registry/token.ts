// Access to a registry: HTTP basic authentication, or a token of its authorization service, for credentials or anonymously.

import { readBody } from './body.ts';
import type { Credentials } from './credentials.ts';
import { RegistryError } from './error.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { isLoopback } from './reference.ts';

const TIMEOUT_MS = 30_000;
const LONGEST_ANSWER = 64 * 1024;

/**
 * The value of the Authorization header that answers a challenge (a WWW-Authenticate header).
 * @throws {RegistryError} REGISTRY_UNAUTHORIZED
 */
export async function authorize(
  host: string,
  challenge: string,
  credentials: Credentials | undefined,
  method: string,
): Promise<string> {
  const refused = (reason: string) =>
    new RegistryError(
      'REGISTRY_UNAUTHORIZED',
      `${host} asks for credentials for ${method}: ${reason}`,
      'credentials come from --registry-config FILE, which registry clients write when they log in',
    );
  if (/^basic\b/i.test(challenge)) {
    if (!credentials) throw refused('none are configured');
    return basic(credentials);
  }
  const { realm, service, scope } = parameters(challenge);
  if (!/^bearer\b/i.test(challenge) || realm === undefined) throw refused('by an unknown authentication scheme');
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  // The registry names the realm, which gets the password.
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.host)))) {
    throw refused('its authorization service has no https address');
  }
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== undefined) url.searchParams.set('scope', scope);
  const token = await fetchToken(host, url, credentials).catch(() => undefined);
  if (token === undefined) throw refused(`${url.host} returned no token${credentials ? ' for them' : ' without them'}`);
  return `Bearer ${token}`;
}

async function fetchToken(host: string, url: URL, credentials: Credentials | undefined): Promise<string | undefined> {
  const response = await guardedFetch(host, url, {
    headers: credentials ? { authorization: basic(credentials) } : {},
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'manual',
  });
  const body = await readBody(response, LONGEST_ANSWER);
  if (!response.ok || !body) return undefined;
  const answer: unknown = JSON.parse(body.toString('utf8'));
  if (typeof answer !== 'object' || answer === null) return undefined;
  const token = 'token' in answer ? answer.token : 'access_token' in answer ? answer.access_token : undefined;
  return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}

function basic({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function parameters(challenge: string): Partial<Record<string, string>> {
  return Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value]) => [name.toLowerCase(), value]),
  );
}
