// Kinds of descriptors, by Falco's characters, and its names of them.

/** fd.typechar of IPv4 and IPv6 sockets. */
export const IP_SOCKETS = ['4', '6'] as const;

const IP_SOCKET_CODES: ReadonlySet<number> = new Set(IP_SOCKETS.map((character) => character.charCodeAt(0)));

/** An IPv4 or IPv6 socket. @param kind of a descriptor, as records have it: the code of its character */
export function isIpSocket(kind: number): boolean {
  return IP_SOCKET_CODES.has(kind);
}

/** fd.type by fd.typechar; missing kinds are `<NA>`. */
export const DESCRIPTOR_TYPE_NAMES: Readonly<Record<string, string>> = {
  f: 'file',
  d: 'directory',
  '4': 'ipv4',
  '6': 'ipv6',
  u: 'unix',
  p: 'pipe',
  e: 'event',
  s: 'signalfd',
  l: 'eventpoll',
  i: 'inotify',
  t: 'timerfd',
  n: 'netlink',
  b: 'bpf',
  r: 'io_uring',
  m: 'memfd',
  P: 'pidfd',
};
