// What the names in `allow` stand for, looked up when a container is isolated. Nothing that the container itself can write is read: it could let
// itself reach anything.

import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { parseAddress } from '../../compiler/conditions/address.ts';
import { HOST_ROOT } from '../../fields/host-root.ts';
import { type AllowedName, type Network, readAllowed } from './reachable.ts';

const DNS_PORT = 53;
const HTTPS_PORT = 443;
/** Name servers of the agent: in a pod, the cluster's. */
const OWN_SERVERS = '/etc/resolv.conf';
/** Name servers that systemd-resolved asks, where the file above has only itself. */
const RESOLVED_SERVERS = `${HOST_ROOT}/run/systemd/resolve/resolv.conf`;
/** Docker's name server in containers, on networks that users have made. */
const DOCKER_SERVER = '127.0.0.11';

/** Networks of `allow`. Rejects for a name that can't be looked up. @param apiServer undefined if the agent knows none */
export async function networksOf(allow: readonly string[], apiServer: URL | undefined): Promise<Network[]> {
  const networks = await Promise.all(
    allow.map(async (text) => {
      const entry = readAllowed(text);
      if (entry === undefined) throw new Error(`allow: ${text} is neither a name nor a network`);
      return typeof entry === 'string' ? await namedNetworks(entry, apiServer) : [entry];
    }),
  );
  return networks.flat();
}

async function namedNetworks(name: AllowedName, apiServer: URL | undefined): Promise<Network[]> {
  switch (name) {
    case 'dns':
      return [...(await nameServers()), DOCKER_SERVER].flatMap((address) => networkOf(address, DNS_PORT));
    case 'kubernetes': {
      if (apiServer === undefined) throw new Error('allow: kubernetes: the agent knows no API server');
      const port = Number(apiServer.port) || HTTPS_PORT;
      const host = apiServer.hostname.replace(/^\[|\]$/g, '');
      const addresses = isIP(host) ? [{ address: host }] : await lookup(host, { all: true });
      return addresses.flatMap(({ address }) => networkOf(address, port));
    }
  }
}

async function nameServers(): Promise<string[]> {
  const texts = [OWN_SERVERS, RESOLVED_SERVERS].map((path) => readFile(path, 'utf8').catch(() => ''));
  return (await Promise.all(texts)).flatMap(serversIn).filter((address) => !isLoopback(address));
}

/** Addresses in the text of a resolv.conf. */
export function serversIn(text: string): string[] {
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+([^\s%]+)/gm)].map(([, address = '']) => address);
}

/** Another one in the container's network. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function networkOf(text: string, port: number): Network[] {
  const address = parseAddress(text);
  return address ? [{ address, bits: address.length * 8, port }] : [];
}
