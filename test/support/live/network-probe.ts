// What alerts say of calls on sockets.

import { probe } from './probe.ts';

export const NETWORK = probe(
  ['socket', 'bind', 'listen', 'connect', 'accept', 'accept4', 'sendto', 'sendmsg'],
  [
    ...[
      'evt.res',
      'evt.category',
      'evt.args',
      'evt.is_io_write',
      'evt.arg.fd',
      'evt.arg.domain',
      'evt.arg.type',
      'evt.arg.proto',
    ],
    ...[
      'evt.arg.flags',
      'evt.arg.addr',
      'evt.arg.tuple',
      'evt.arg.backlog',
      'evt.arg.size',
      'evt.arg.queuelen',
      'evt.arg.queuemax',
    ],
    ...[
      'fd.num',
      'fd.type',
      'fd.typechar',
      'fd.name',
      'fd.nameraw',
      'fd.directory',
      'fd.l4proto',
      'fd.sockfamily',
      'fd.connected',
    ],
    ...[
      'fd.name_changed',
      'fd.is_server',
      'fd.cip',
      'fd.sip',
      'fd.lip',
      'fd.rip',
      'fd.cport',
      'fd.sport',
      'fd.lport',
      'fd.rport',
    ],
    'proc.name',
  ],
);
