// Fields of the file or socket that a call works on.

import { DESCRIPTOR_TYPE_NAMES } from '../descriptor-types.ts';
import { DESCRIPTOR_ROLE } from '../event-structs.ts';
import { IP_PROTOCOLS } from '../ip-protocols.ts';
import {
  ABSENT,
  type AddressDerivation,
  type Derivation,
  type NumberDerivation,
  type Single,
  type TextDerivation,
} from './derivation.ts';
import {
  boolean,
  CONTAINER,
  call,
  compare,
  DESCRIPTOR,
  decimal,
  derived,
  either,
  HEADER,
  join,
  masked,
  number,
  orElse,
  orEmpty,
  present,
  shifted,
  text,
} from './derive.ts';
import type { Ends, Field, FieldSource } from './field.ts';
import {
  guessedCharacter,
  HAS_DIRECTORY,
  IS_IP_SOCKET,
  isKind,
  ofDescriptor,
  ofKnown,
  statDevice,
  state,
  typeCharacter,
} from './of-descriptor.ts';
import { textWhereThere } from './of-event.ts';

/** Properties of fields that stand for either end or any part of a connection: conditions only, one operand alone. */
const CHECKED_ALONE = { filterOnly: true, noTransformer: true, noRightSide: true } as const;

const ADDRESSES: Ends = { client: 'fd.cip', server: 'fd.sip', local: 'fd.lip', remote: 'fd.rip' };
const PORTS: Ends = { client: 'fd.cport', server: 'fd.sport', local: 'fd.lport', remote: 'fd.rport' };

/** Both ends, whether the socket has a role or not. */
function both(local: Single, remote: Single): FieldSource {
  return ofDescriptor({
    descriptor: () => present(IS_IP_SOCKET, { node: 'ends', local, remote }),
  });
}

const BOTH_ADDRESSES = both({ node: 'addressOf', of: 'descriptor', member: 'local_address' }, call('fdOtherAddress'));
const BOTH_PORTS = both(DESCRIPTOR.number('local_port'), call('fdOtherPort'));

/** The network of an address: conditions compare the address. */
function network(name: string, comparedAs: string, description: string, source: FieldSource): Field {
  return { name, type: 'IPNET', description, source, comparedAs, ...CHECKED_ALONE };
}

function address(of: AddressDerivation): FieldSource {
  return ofDescriptor({ descriptor: () => of });
}

/** A name that the rule gives, resolved and compared with the address of one end. */
function resolved(name: string, of: AddressDerivation, description: string): Field {
  const source = ofDescriptor({ descriptor: () => ({ node: 'nameOf', of }) });
  return { name, type: 'CHARBUF', description, source, noTransformer: true, noRightSide: true };
}

function port(of: NumberDerivation): FieldSource {
  return ofDescriptor({ descriptor: () => ({ node: 'unlessNegative', of }) });
}

/** Service names are not looked up: the number, as text. */
function service(of: NumberDerivation): FieldSource {
  return ofDescriptor({ descriptor: () => present(compare(of, '>=', 0), decimal(of)) });
}

const NAMES = Object.entries(DESCRIPTOR_TYPE_NAMES).map(
  ([character, name]) => [character.charCodeAt(0), name] as const,
);
const CHARACTERS = [...Object.keys(DESCRIPTOR_TYPE_NAMES), 'X', 'o'].map(
  (character) => [character.charCodeAt(0), character] as const,
);

const NAME = orEmpty(DESCRIPTOR.text('name'));
const NAME_SOURCE = ofDescriptor({ descriptor: () => NAME, directory: (path) => path, unknownDirectory: text('') });
/** The directory part of the name, `/` where it has no slash: of files and directories, and of what was not opened. */
const DIRECTORY_PART = orElse({ ...call('fdDirectory'), beginningOf: DESCRIPTOR.text('name') }, '/');
const CONTAINER_ID = orEmpty(CONTAINER.text('id'));
const DEVICE = DESCRIPTOR.number('device');
const ZERO = number(0);
const NO = boolean(false);
const PROTOCOLS = IP_PROTOCOLS.map(({ number, name }) => [number, name] as const);

function inContainer(what: TextDerivation): Derivation {
  return join(CONTAINER_ID, text(':'), what);
}

export const DESCRIPTOR_FIELDS: readonly Field[] = [
  {
    name: 'fd.num',
    type: 'INT64',
    description: 'Descriptor number; -1 if the call that makes it failed.',
    source: derived((type) => (type.createsFd || type.usesFd ? HEADER.number('fd') : ABSENT)),
  },
  {
    name: 'fd.type',
    type: 'CHARBUF',
    description: 'Kind of descriptor: file, directory, ipv4, ipv6, unix, pipe...',
    source: ofKnown(
      { node: 'enumeration', of: DESCRIPTOR.number('kind'), names: NAMES, none: '<NA>' },
      text('directory'),
    ),
  },
  {
    name: 'fd.typechar',
    type: 'CHARBUF',
    description: 'The same, as one character.',
    source: ofDescriptor({
      descriptor: (type) => ({ node: 'enumeration', of: typeCharacter(type), names: CHARACTERS, none: 'o' }),
      directory: () => text('d'),
      unknownDirectory: text('o'),
    }),
  },
  {
    name: 'fd.name',
    type: 'CHARBUF',
    description: 'Absolute path of a file, or both ends of a connection.',
    source: NAME_SOURCE,
  },
  {
    name: 'fd.directory',
    type: 'CHARBUF',
    description: 'Directory part of fd.name.',
    source: ofDescriptor({
      descriptor: () => present(HAS_DIRECTORY, DIRECTORY_PART),
      directory: (path) => path,
      unknownDirectory: text('/'),
    }),
  },
  {
    name: 'fd.filename',
    type: 'CHARBUF',
    description: 'Last part of fd.name, for files.',
    source: ofDescriptor({ descriptor: () => present(isKind('f'), call('basename', NAME)) }),
  },
  {
    name: 'fd.nameraw',
    type: 'CHARBUF',
    description: 'Path as it was passed.',
    source: ofDescriptor({
      descriptor: (type) => call('fdNameraw', guessedCharacter(type)),
      directory: (path) => path,
      unknownDirectory: text(''),
    }),
  },
  {
    name: 'fd.openpath',
    type: 'CHARBUF',
    description:
      "Absolute path with which the file was opened, links not followed. Wasprey's own: fd.name is this path or fd.realpath, whichever the rule matched.",
    source: ofDescriptor({ descriptor: () => call('fdOpenpath') }),
  },
  {
    name: 'fd.realpath',
    type: 'CHARBUF',
    description: "Path of the file that the kernel used, links followed. Wasprey's own: Falco has no such field.",
    source: textWhereThere('resolved'),
  },
  {
    name: 'fd.name_changed',
    type: 'BOOL',
    description: 'This event changed fd.name.',
    source: ofKnown(state('NAME_CHANGED'), NO),
  },
  {
    name: 'fd.ip',
    type: 'IPADDR',
    description: 'Address of either end.',
    source: BOTH_ADDRESSES,
    ends: ADDRESSES,
    ...CHECKED_ALONE,
  },
  { name: 'fd.cip', type: 'IPADDR', description: "The client's address.", source: address(call('fdCip')) },
  { name: 'fd.sip', type: 'IPADDR', description: "The server's address.", source: address(call('fdSip')) },
  { name: 'fd.lip', type: 'IPADDR', description: 'The local address.', source: address(call('fdLip')) },
  { name: 'fd.rip', type: 'IPADDR', description: 'The remote address.', source: address(call('fdRip')) },
  {
    name: 'fd.port',
    type: 'PORT',
    description: 'Port of either end.',
    source: BOTH_PORTS,
    ends: PORTS,
    ...CHECKED_ALONE,
  },
  { name: 'fd.cport', type: 'PORT', description: "The client's port.", source: port(call('fdCport')) },
  { name: 'fd.sport', type: 'PORT', description: "The server's port.", source: port(call('fdSport')) },
  { name: 'fd.lport', type: 'PORT', description: 'The local port.', source: port(call('fdLport')) },
  { name: 'fd.rport', type: 'PORT', description: 'The remote port.', source: port(call('fdRport')) },
  network('fd.net', 'fd.ip', 'Network of either end.', BOTH_ADDRESSES),
  network('fd.cnet', 'fd.cip', "Network of the client's address.", address(call('fdCip'))),
  network('fd.snet', 'fd.sip', "Network of the server's address.", address(call('fdSip'))),
  network('fd.lnet', 'fd.lip', 'Network of the local address.', address(call('fdLip'))),
  network('fd.rnet', 'fd.rip', 'Network of the remote address.', address(call('fdRip'))),
  {
    name: 'fd.proto',
    type: 'PORT',
    description: 'Service or port of either end.',
    source: BOTH_PORTS,
    comparedAs: 'fd.port',
    ...CHECKED_ALONE,
  },
  { name: 'fd.cproto', type: 'CHARBUF', description: 'Service name of fd.cport.', source: service(call('fdCport')) },
  { name: 'fd.sproto', type: 'CHARBUF', description: 'Service name of fd.sport.', source: service(call('fdSport')) },
  { name: 'fd.lproto', type: 'CHARBUF', description: 'Service name of fd.lport.', source: service(call('fdLport')) },
  { name: 'fd.rproto', type: 'CHARBUF', description: 'Service name of fd.rport.', source: service(call('fdRport')) },
  resolved('fd.cip.name', call('fdCip'), "Name of the client's address, among those that rules give."),
  resolved('fd.sip.name', call('fdSip'), "Name of the server's address, among those that rules give."),
  resolved('fd.lip.name', call('fdLip'), 'Name of the local address, among those that rules give.'),
  resolved('fd.rip.name', call('fdRip'), 'Name of the remote address, among those that rules give.'),
  {
    name: 'fd.l4proto',
    type: 'CHARBUF',
    description: 'tcp, udp, icmp or raw.',
    source: ofKnown({ node: 'enumeration', of: DESCRIPTOR.number('l4'), names: PROTOCOLS, none: '<NA>' }, text('<NA>')),
  },
  {
    name: 'fd.sockfamily',
    type: 'CHARBUF',
    description: 'ip or unix.',
    source: ofDescriptor({
      descriptor: () => either(IS_IP_SOCKET, text('ip'), present(isKind('u'), text('unix'))),
    }),
  },
  {
    name: 'fd.is_server',
    type: 'BOOL',
    description: 'The socket is the server end.',
    source: ofKnown(compare(DESCRIPTOR.number('role'), '==', DESCRIPTOR_ROLE.SERVER), NO),
  },
  {
    name: 'fd.connected',
    type: 'BOOL',
    description: 'The socket is connected.',
    source: ofKnown(state('CONNECTED'), NO),
  },
  {
    name: 'fd.uid',
    type: 'CHARBUF',
    description: 'Thread id and descriptor number, combined.',
    source: derived((type) =>
      type.createsFd || type.usesFd ? join(decimal(HEADER.number('tid')), decimal(HEADER.number('fd'))) : ABSENT,
    ),
  },
  {
    name: 'fd.containername',
    type: 'CHARBUF',
    description: 'Container id, colon, fd.name.',
    source: ofDescriptor({
      descriptor: () => inContainer(NAME),
      directory: inContainer,
      unknownDirectory: inContainer(text('')),
    }),
  },
  {
    name: 'fd.containerdirectory',
    type: 'CHARBUF',
    description: 'Container id, colon, fd.directory.',
    source: ofDescriptor({
      descriptor: () => present(HAS_DIRECTORY, inContainer(DIRECTORY_PART)),
      directory: inContainer,
      unknownDirectory: inContainer(text('/')),
    }),
  },
  {
    name: 'fd.dev',
    type: 'INT32',
    description: 'Device number of the file.',
    hexadecimal: true,
    source: ofKnown(statDevice(DEVICE), ZERO),
  },
  {
    name: 'fd.dev.major',
    type: 'INT32',
    description: 'Major number of fd.dev.',
    source: ofKnown(shifted(DEVICE, 20), ZERO),
  },
  {
    name: 'fd.dev.minor',
    type: 'INT32',
    description: 'Minor number of fd.dev.',
    source: ofKnown(masked(DEVICE, 0xfffff), ZERO),
  },
  { name: 'fd.ino', type: 'INT64', description: 'Inode number.', source: ofKnown(DESCRIPTOR.number('inode'), ZERO) },
  {
    name: 'fd.types',
    type: 'CHARBUF',
    description: 'Kinds of descriptors that the process has open; [n]: of descriptor n.',
    source: { from: 'procfs', as: 'descriptorTypes' },
    argument: 'optional',
    argumentKind: 'index',
    list: true,
    noRightSide: true,
  },
  {
    name: 'fd.is_upper_layer',
    type: 'BOOL',
    description: "The file is in an overlay file system's upper layer.",
    source: ofKnown(state('UPPER_LAYER'), NO),
  },
  {
    name: 'fd.is_lower_layer',
    type: 'BOOL',
    description: "The file is in an overlay file system's lower layer.",
    source: ofKnown(state('LOWER_LAYER'), NO),
  },
];
