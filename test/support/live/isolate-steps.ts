// Addresses and calls by which tests of isolation try what a container reaches.

import { type Network, readAllowed } from '../../../host/responses/isolation/reachable.ts';
import type { Step } from './live-act.ts';
import { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM } from './live-numbers.ts';
import { PEER_PORT as PORT } from './namespace-peer.ts';

export const V4 = { allowed: '192.0.2.10', refused: '198.51.100.10' };
export const V6 = { allowed: 'fd00:1::10', refused: 'fd00:2::10' };
export const ALLOW = ['192.0.2.0/24', 'fd00:1::/64', '203.0.113.9:53'].map((text) => readAllowed(text) as Network);
export const IPPROTO_UDP = 17;
export const IPPROTO_ICMP = 1;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ICMPV6 = 58;
export const IPV6_UNICAST_HOPS = 16;
/** struct sockaddr with AF_UNSPEC. */
export const UNSPECIFIED = `s:${'\\x00'.repeat(16)}`;

export const socket = (family: number, type: number, protocol = 0): Step => ['socket', family, type, protocol];
export const connect = (fd: string, address: string, port = PORT): Step => ['connect', fd, inet(address, port), 'len'];
export const send = (fd: string, text: string, ...to: Step): Step => [
  'sendto',
  fd,
  `s:${text}`,
  text.length,
  0,
  ...(to.length > 0 ? to : ['null', 0]),
];
export const inet = (address: string, port = PORT): string =>
  `${address.includes(':') ? 'in6' : 'in'}:${address}:${port}`;

/** A connection and datagrams to an address that is not allowed. */
export const refused = (address: string): Step[] => {
  const family = address.includes(':') ? AF_INET6 : AF_INET;
  return [
    socket(family, SOCK_STREAM),
    connect('r0', address),
    socket(family, SOCK_DGRAM),
    connect('r2', address),
    send('r2', 'by-sendto', inet(address), 'len'),
    ['sendmsg', 'r2', `msg:${inet(address)}`, 0],
  ];
};
