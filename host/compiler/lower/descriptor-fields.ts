// fd.*: the file or socket that a call works on. Absent on events whose call neither makes nor takes a descriptor. Where the descriptor
// is a directory that a path is relative to (unlinkat, mkdirat...), the fields are that directory's.

import { DESCRIPTOR_TYPE_NAMES } from '../../schema/descriptor-types.ts';
import type { EventShape } from '../../schema/event-structs.ts';
import type { EventType } from '../../schema/events.ts';
import { accessorName } from '../../schema/generate/assemblyscript.ts';
import { type Condition, code, not } from '../ir.ts';
import { statDevice } from './argument-numbers.ts';
import { ABSENT, boolean, constantText, either, enumeration, number, type Operand, present, text } from './operand.ts';

export const DESCRIPTOR_TYPES: readonly (readonly [character: string, name: string])[] =
  Object.entries(DESCRIPTOR_TYPE_NAMES);

const CHARACTERS = [...DESCRIPTOR_TYPES.map(([character]) => character), 'X', 'o'];
const WITH_DESCRIPTOR: ReadonlySet<EventShape> = new Set<EventShape>(['open', 'descriptor', 'network']);

/**
 * How the members of the descriptor of an event type are read. They lie at the same place in every shape that has them (a test
 * holds that), so that the conditions of open, connect and dup come to the same code.
 */
export class Descriptor {
  readonly type: EventType;
  private constructor(type: EventType) {
    this.type = type;
  }

  /** Undefined where the record has none. */
  static of(type: EventType): Descriptor | undefined {
    return WITH_DESCRIPTOR.has(type.shape) ? new Descriptor(type) : undefined;
  }

  member(name: string): string {
    return `${accessorName('descriptor', name)}(event)`;
  }

  is(name: string, value: number | string): Condition {
    return code(`${this.member(name)} == ${typeof value === 'string' ? value.charCodeAt(0) : value}`, 'event');
  }

  state(bit: string): Condition {
    return code(`(${this.member('state')} & DESCRIPTOR_${bit}) != 0`, 'event');
  }

  /** The kernel had a file or socket behind it: false for a call that failed to make one. */
  get known(): Condition {
    return not(this.is('kind', 0));
  }

  get isSocket(): Condition {
    return code('isSocket(event)', 'event');
  }

  /** An end of a connection, by a function of rules-wasm/descriptor.ts. */
  address(name: string): Operand {
    return { kind: 'address', code: `${name}(event)`, v6: `${this.member('kind')} == 54`, scope: 'event' };
  }

  port(name: string): Operand {
    return { kind: 'number', code: `i64(${name}(event))`, scope: 'event', negativeIsAbsent: true };
  }

  /** Both ends, whether the socket has a role or not. */
  ends(what: 'address' | 'port'): Operand {
    const end = (read: string): Operand =>
      what === 'port'
        ? number(`i64(${read})`, 'event')
        : { kind: 'address', code: read, v6: `${this.member('kind')} == 54`, scope: 'event' };
    const local = end(this.member(`local_${what}`));
    const remote = end(what === 'port' ? 'fdOtherPort(event)' : 'fdOtherAddress(event)');
    return present(this.isSocket, { kind: 'ends', local, remote });
  }
}

/** The directory descriptor of calls on paths: its path, as an expression. */
function directoryOf(type: EventType): string | undefined {
  if (!type.usesFd) return undefined;
  if (type.shape === 'path') return 'pathDirectory(event)';
  return type.shape === 'paths' ? 'pathsNewDirectory(event)' : undefined;
}

/** What fd.typechar guesses for a call that made no descriptor. */
function guessedCharacter(type: EventType): string {
  switch (type.name) {
    case 'openat':
    case 'openat2':
    case 'creat':
      return 'f';
    case 'socket':
    case 'accept':
    case 'accept4':
      return '4';
    default:
      return 'o';
  }
}

type OfDescriptor = (descriptor: Descriptor) => Operand;

const bit =
  (name: string): OfDescriptor =>
  (descriptor) =>
    present(descriptor.known, boolean(descriptor.state(name)));
/** Service names are not looked up: the number, as text. */
const service = (port: Operand): Operand =>
  port.kind === 'number'
    ? present(code(`${port.code} >= 0`, 'event'), {
        kind: 'pieces',
        pieces: [{ kind: 'decimal', code: port.code, scope: 'event' }],
      })
    : port;

/** The directory part of fd.name, `/` where the name has no slash. */
const FD_DIRECTORY: Operand = {
  kind: 'text',
  text: { code: 'fdDirectory(event)', scope: 'event', beginningOf: 'descriptorName(event)' },
  orElse: '/',
};
const nameOf = (descriptor: Descriptor): string => `orEmpty(${descriptor.member('name')})`;

const BY_NAME: Readonly<Record<string, OfDescriptor>> = {
  'fd.type': (descriptor) =>
    present(
      descriptor.known,
      enumeration(
        descriptor.member('kind'),
        'event',
        DESCRIPTOR_TYPES.map(([character, name]) => [character.charCodeAt(0), name]),
        '<NA>',
      ),
    ),
  'fd.typechar': (descriptor) => {
    const characters = CHARACTERS.map((character) => [character.charCodeAt(0), character] as const);
    const guess = guessedCharacter(descriptor.type).charCodeAt(0);
    return enumeration(`fdTypechar(event, ${guess})`, 'event', characters, 'o');
  },
  'fd.name': (descriptor) => text(nameOf(descriptor), 'event'),
  'fd.openpath': () => text('fdOpenpath(event)', 'event'),
  'fd.directory': () => present(code('hasDirectory(event)', 'event'), FD_DIRECTORY),
  'fd.filename': (descriptor) => present(descriptor.is('kind', 'f'), text(`basename(${nameOf(descriptor)})`, 'event')),
  'fd.nameraw': (descriptor) => text(`fdNameraw(event, ${guessedCharacter(descriptor.type).charCodeAt(0)})`, 'event'),
  'fd.name_changed': bit('NAME_CHANGED'),
  'fd.connected': bit('CONNECTED'),
  'fd.is_upper_layer': bit('UPPER_LAYER'),
  'fd.is_lower_layer': bit('LOWER_LAYER'),
  'fd.is_server': (descriptor) => present(descriptor.known, boolean(descriptor.is('role', 2))),
  'fd.l4proto': (descriptor) =>
    present(
      descriptor.known,
      enumeration(
        descriptor.member('l4'),
        'event',
        [
          [6, 'tcp'],
          [17, 'udp'],
          [1, 'icmp'],
          [58, 'icmp'],
          [255, 'raw'],
        ],
        '<NA>',
      ),
    ),
  'fd.sockfamily': (descriptor) =>
    either(descriptor.isSocket, constantText('ip'), present(descriptor.is('kind', 'u'), constantText('unix'))),
  'fd.ip': (descriptor) => descriptor.ends('address'),
  'fd.net': (descriptor) => descriptor.ends('address'),
  'fd.cip': (descriptor) => descriptor.address('fdCip'),
  'fd.cnet': (descriptor) => descriptor.address('fdCip'),
  'fd.sip': (descriptor) => descriptor.address('fdSip'),
  'fd.snet': (descriptor) => descriptor.address('fdSip'),
  'fd.lip': (descriptor) => descriptor.address('fdLip'),
  'fd.lnet': (descriptor) => descriptor.address('fdLip'),
  'fd.rip': (descriptor) => descriptor.address('fdRip'),
  'fd.rnet': (descriptor) => descriptor.address('fdRip'),
  'fd.port': (descriptor) => descriptor.ends('port'),
  'fd.proto': (descriptor) => descriptor.ends('port'),
  'fd.cport': (descriptor) => descriptor.port('fdCport'),
  'fd.sport': (descriptor) => descriptor.port('fdSport'),
  'fd.lport': (descriptor) => descriptor.port('fdLport'),
  'fd.rport': (descriptor) => descriptor.port('fdRport'),
  'fd.cproto': (descriptor) => service(descriptor.port('fdCport')),
  'fd.sproto': (descriptor) => service(descriptor.port('fdSport')),
  'fd.lproto': (descriptor) => service(descriptor.port('fdLport')),
  'fd.rproto': (descriptor) => service(descriptor.port('fdRport')),
  'fd.dev': (descriptor) => present(descriptor.known, number(statDevice(descriptor.member('device')), 'event')),
  'fd.dev.major': (descriptor) =>
    present(descriptor.known, number(`i64(${descriptor.member('device')} >> 20)`, 'event')),
  'fd.dev.minor': (descriptor) =>
    present(descriptor.known, number(`i64(${descriptor.member('device')} & 0xfffff)`, 'event')),
  'fd.ino': (descriptor) => present(descriptor.known, number(`i64(${descriptor.member('inode')})`, 'event')),
};

/** Fields of the directory that a path is relative to, when it is known. */
const OF_DIRECTORY: Readonly<Record<string, (path: string) => Operand>> = {
  'fd.type': () => constantText('directory'),
  'fd.typechar': () => constantText('d'),
  'fd.name': (path) => text(path, 'event'),
  'fd.directory': (path) => text(path, 'event'),
  'fd.nameraw': (path) => text(path, 'event'),
  'fd.dev': () => number('i64(0)', 'image'),
  'fd.dev.major': () => number('i64(0)', 'image'),
  'fd.dev.minor': () => number('i64(0)', 'image'),
  'fd.ino': () => number('i64(0)', 'image'),
  'fd.is_upper_layer': () => boolean(code('false', 'image')),
  'fd.is_lower_layer': () => boolean(code('false', 'image')),
  'fd.name_changed': () => boolean(code('false', 'image')),
  'fd.connected': () => boolean(code('false', 'image')),
  'fd.is_server': () => boolean(code('false', 'image')),
  'fd.l4proto': () => constantText('<NA>'),
};

const OF_UNKNOWN_DIRECTORY: Readonly<Record<string, Operand>> = {
  'fd.typechar': constantText('o'),
  'fd.name': constantText(''),
  'fd.nameraw': constantText(''),
  'fd.directory': constantText('/'),
};

/** A descriptor field on events of a type. */
export function descriptorField(name: string, type: EventType): Operand {
  if (!type.createsFd && !type.usesFd) return ABSENT;
  if (name === 'fd.num') return number('i64(headerFd(event))', 'event');
  const descriptor = Descriptor.of(type);
  if (descriptor) return BY_NAME[name]?.(descriptor) ?? ABSENT;
  const path = directoryOf(type);
  if (path === undefined) return ABSENT;
  return either(
    code(`${path} != 0`, 'event'),
    OF_DIRECTORY[name]?.(path) ?? ABSENT,
    OF_UNKNOWN_DIRECTORY[name] ?? ABSENT,
  );
}
