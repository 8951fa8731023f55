// Fields of the file or socket that a call works on.

import type { Field } from '../types.ts';
import { computed } from './computed.ts';

/** A field that stands for either end or any part of a connection: conditions only, one operand alone. */
function ends(name: string, type: Field['type'], description: string): Field {
  return {
    name,
    type,
    description,
    source: computed(name),
    filterOnly: true,
    noTransformer: true,
    noRightSide: true,
  };
}

/** A name that the rule gives, resolved and compared with the address of one end. */
function resolved(name: string, description: string): Field {
  return { name, type: 'CHARBUF', description, source: computed(name), noTransformer: true, noRightSide: true };
}

export const DESCRIPTOR_FIELDS: readonly Field[] = [
  {
    name: 'fd.num',
    type: 'INT64',
    description: 'Descriptor number; -1 if the call that makes it failed.',
    source: computed('fd.num'),
  },
  {
    name: 'fd.type',
    type: 'CHARBUF',
    description: 'Kind of descriptor: file, directory, ipv4, ipv6, unix, pipe...',
    source: computed('fd.type'),
  },
  { name: 'fd.typechar', type: 'CHARBUF', description: 'The same as one character.', source: computed('fd.typechar') },
  {
    name: 'fd.name',
    type: 'CHARBUF',
    description: 'Absolute path of a file, or both ends of a connection.',
    source: computed('fd.name'),
  },
  {
    name: 'fd.directory',
    type: 'CHARBUF',
    description: 'Directory part of fd.name.',
    source: computed('fd.directory'),
  },
  {
    name: 'fd.filename',
    type: 'CHARBUF',
    description: 'Last part of fd.name, for files.',
    source: computed('fd.filename'),
  },
  {
    name: 'fd.nameraw',
    type: 'CHARBUF',
    description: 'Path as it was passed.',
    source: computed('fd.nameraw'),
  },
  {
    name: 'fd.openpath',
    type: 'CHARBUF',
    description:
      "Absolute path by which the file was opened, links not followed. Wasprey's own: of this and fd.realpath, fd.name is the one by which the rule matched.",
    source: computed('fd.openpath'),
  },
  {
    name: 'fd.realpath',
    type: 'CHARBUF',
    description: "Path of the file that the kernel used, links followed. Wasprey's own: Falco has no such field.",
    source: { from: 'event', member: 'resolved' },
  },
  {
    name: 'fd.name_changed',
    type: 'BOOL',
    description: 'This event changed fd.name.',
    source: computed('fd.name_changed'),
  },
  ends('fd.ip', 'IPADDR', 'Address of either end.'),
  { name: 'fd.cip', type: 'IPADDR', description: "The client's address.", source: computed('fd.cip') },
  { name: 'fd.sip', type: 'IPADDR', description: "The server's address.", source: computed('fd.sip') },
  { name: 'fd.lip', type: 'IPADDR', description: 'The local address.', source: computed('fd.lip') },
  { name: 'fd.rip', type: 'IPADDR', description: 'The remote address.', source: computed('fd.rip') },
  ends('fd.port', 'PORT', 'Port of either end.'),
  { name: 'fd.cport', type: 'PORT', description: "The client's port.", source: computed('fd.cport') },
  { name: 'fd.sport', type: 'PORT', description: "The server's port.", source: computed('fd.sport') },
  { name: 'fd.lport', type: 'PORT', description: 'The local port.', source: computed('fd.lport') },
  { name: 'fd.rport', type: 'PORT', description: 'The remote port.', source: computed('fd.rport') },
  ends('fd.net', 'IPNET', 'Network of either end.'),
  ends('fd.cnet', 'IPNET', "Network of the client's address."),
  ends('fd.snet', 'IPNET', "Network of the server's address."),
  ends('fd.lnet', 'IPNET', 'Network of the local address.'),
  ends('fd.rnet', 'IPNET', 'Network of the remote address.'),
  ends('fd.proto', 'PORT', 'Service or port of either end.'),
  { name: 'fd.cproto', type: 'CHARBUF', description: 'Service name of fd.cport.', source: computed('fd.cproto') },
  { name: 'fd.sproto', type: 'CHARBUF', description: 'Service name of fd.sport.', source: computed('fd.sproto') },
  { name: 'fd.lproto', type: 'CHARBUF', description: 'Service name of fd.lport.', source: computed('fd.lproto') },
  { name: 'fd.rproto', type: 'CHARBUF', description: 'Service name of fd.rport.', source: computed('fd.rproto') },
  resolved('fd.cip.name', "Name of the client's address, among those that rules give."),
  resolved('fd.sip.name', "Name of the server's address, among those that rules give."),
  resolved('fd.lip.name', 'Name of the local address, among those that rules give.'),
  resolved('fd.rip.name', 'Name of the remote address, among those that rules give.'),
  { name: 'fd.l4proto', type: 'CHARBUF', description: 'tcp, udp, icmp or raw.', source: computed('fd.l4proto') },
  { name: 'fd.sockfamily', type: 'CHARBUF', description: 'ip or unix.', source: computed('fd.sockfamily') },
  {
    name: 'fd.is_server',
    type: 'BOOL',
    description: 'The socket is the server end.',
    source: computed('fd.is_server'),
  },
  { name: 'fd.connected', type: 'BOOL', description: 'The socket is connected.', source: computed('fd.connected') },
  {
    name: 'fd.uid',
    type: 'CHARBUF',
    description: 'Thread id and descriptor number in one.',
    source: { from: 'rendered' },
  },
  {
    name: 'fd.containername',
    type: 'CHARBUF',
    description: 'Container id, colon, fd.name.',
    source: { from: 'rendered' },
  },
  {
    name: 'fd.containerdirectory',
    type: 'CHARBUF',
    description: 'Container id, colon, fd.directory.',
    source: { from: 'rendered' },
  },
  { name: 'fd.dev', type: 'INT32', description: 'Device of the file.', source: computed('fd.dev') },
  { name: 'fd.dev.major', type: 'INT32', description: 'Major number of fd.dev.', source: computed('fd.dev.major') },
  { name: 'fd.dev.minor', type: 'INT32', description: 'Minor number of fd.dev.', source: computed('fd.dev.minor') },
  { name: 'fd.ino', type: 'INT64', description: 'Inode number.', source: computed('fd.ino') },
  {
    name: 'fd.types',
    type: 'CHARBUF',
    description: 'Kinds of descriptors that the process has open; [n]: of descriptor n.',
    source: { from: 'procfs' },
    argument: 'optional',
    argumentKind: 'index',
    list: true,
    noRightSide: true,
  },
  {
    name: 'fd.is_upper_layer',
    type: 'BOOL',
    description: "The file is in an overlay file system's upper layer.",
    source: computed('fd.is_upper_layer'),
  },
  {
    name: 'fd.is_lower_layer',
    type: 'BOOL',
    description: "The file is in an overlay file system's lower layer.",
    source: computed('fd.is_lower_layer'),
  },
];
