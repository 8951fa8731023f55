// Requests to where a registry leads: redirects, uploads, its authorization service. A registry may be anybody's, and the agent is in a place from
// which more can be reached than from there: addresses of this machine and of its link (a cloud's metadata service) are not gone to.

import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { RegistryError } from './error.ts';
import { isLoopback } from './reference.ts';

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const LINK = new BlockList();
LINK.addSubnet('169.254.0.0', 16, 'ipv4');
LINK.addSubnet('fe80::', 10, 'ipv6');
/** EC2's metadata service. */
LINK.addAddress('fd00:ec2::254', 'ipv6');
const OWN = new BlockList();
OWN.addSubnet('127.0.0.0', 8, 'ipv4');
OWN.addSubnet('0.0.0.0', 8, 'ipv4');
OWN.addAddress('::1', 'ipv6');
OWN.addAddress('::', 'ipv6');

/**
 * fetch() for a registry. Follows its redirects, with the authorization to its own host only.
 * @param host the registry's, as the user has named it: what he has named may be on this machine
 * @throws {RegistryError} REGISTRY_ANSWER where it leads to is refused; and what fetch() throws
 */
export async function guardedFetch(host: string, url: URL, init: RequestInit): Promise<Response> {
  let request: RequestInit = { ...init, redirect: 'manual' };
  let at = url;
  for (let redirects = 0; ; redirects++) {
    if (at.host !== host) await expectReachable(host, at);
    const response = await fetch(at, request);
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null || init.redirect === 'manual') return response;
    await response.body?.cancel();
    if (redirects === MOST_REDIRECTS) throw refused(host, `redirects more than ${MOST_REDIRECTS} times`);
    const next = URL.canParse(location, at.href) ? new URL(location, at) : undefined;
    if (!next) throw refused(host, 'redirects to an invalid address');
    if (at.protocol === 'https:' && next.protocol !== 'https:')
      throw refused(host, `redirects to ${next.host} without TLS`);
    const headers = new Headers(request.headers);
    if (next.host !== at.host) headers.delete('authorization');
    request = { ...request, headers };
    // As the specification of fetch has it; a 307 or 308 asks for the same again.
    const asGet = response.status === 303 || (response.status <= 302 && request.method === 'POST');
    if (asGet && request.method !== 'HEAD') {
      const { body: _, ...rest } = request;
      request = { ...rest, method: 'GET' };
    }
    at = next;
  }
}

/** Names are looked up: they may be anybody's, too. */
async function expectReachable(host: string, { protocol, hostname, host: target }: URL): Promise<void> {
  if (protocol !== 'https:' && protocol !== 'http:') throw refused(host, `leads to an address of ${protocol}`);
  const name = hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(name) ? [name] : (await lookup(name, { all: true })).map(({ address }) => address);
  for (const address of addresses) {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    // A registry of this machine may lead to others of it.
    if (LINK.check(address, family) || (OWN.check(address, family) && !isLoopback(host))) {
      throw refused(host, `leads to ${target}, an address of this machine or its link`);
    }
  }
}

function refused(host: string, reason: string): RegistryError {
  return new RegistryError('REGISTRY_ANSWER', `${host} ${reason}`, 'that is not followed');
}
