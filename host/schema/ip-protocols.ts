// IP protocols of sockets that have a name: descriptor.l4 is their number.

/** The letter follows that of the socket's kind in evt.arg.fd: `<4t>`. */
export const IP_PROTOCOLS = [
  { number: 6, name: 'tcp', letter: 't' },
  { number: 17, name: 'udp', letter: 'u' },
  { number: 1, name: 'icmp', letter: 'i' },
  { number: 58, name: 'icmp', letter: 'i' },
  { number: 255, name: 'raw', letter: 'r' },
] as const;
