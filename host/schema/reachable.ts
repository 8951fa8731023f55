// What an isolated container still reaches: the list that native/bpf/isolate.bpf.c is loaded with.

import { defineStruct } from './layout.ts';

export const REACHABLE_NETWORK = defineStruct('reachable_network', 'A network that stays reachable.', [
  {
    name: 'address',
    type: 'u32',
    count: 4,
    doc: 'IPv6, or IPv4 in it (::ffff:a.b.c.d), in network order; 0 where the mask is',
  },
  { name: 'mask', type: 'u32', count: 4, doc: 'in network order' },
  { name: 'first_port', type: 'u32', doc: 'of TCP and UDP' },
  { name: 'last_port', type: 'u32', doc: 'NO_PORT: other protocols too' },
]);

/** Networks of one container, at most. */
export const REACHABLE_MOST = 64;

/** The port of protocols without ports. */
export const NO_PORT = 65_536;
