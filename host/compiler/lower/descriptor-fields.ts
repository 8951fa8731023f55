// fd.*: the file or socket that a call works on. Absent on events whose call neither makes nor takes a descriptor. Where the descriptor
// is a directory that a path is relative to (unlinkat, mkdirat...), the fields are that directory's.

import { DESCRIPTOR_TYPE_NAMES } from '../../schema/descriptor-types.ts';
import type { DESCRIPTOR_STATE, EventShape } from '../../schema/event-structs.ts';
import type { EventType } from '../../schema/events.ts';
import { type Condition, FALSE, holds, not } from '../ir.ts';
import {
  arithmetic,
  call,
  cast,
  compare,
  EVENT_ADDRESS,
  flag,
  hasBits,
  hexadecimal,
  integer,
  isThere,
  type MemberOf,
  ofEvent,
  type Value,
  ZERO,
} from '../value.ts';
import { statDevice } from './argument-numbers.ts';
import { ABSENT, boolean, constantText, either, enumeration, number, type Operand, present, text } from './operand.ts';

export const DESCRIPTOR_TYPES: readonly (readonly [character: string, name: string])[] =
  Object.entries(DESCRIPTOR_TYPE_NAMES);

const CHARACTERS = [...DESCRIPTOR_TYPES.map(([character]) => character), 'X', 'o'];
const WITH_DESCRIPTOR: ReadonlySet<EventShape> = new Set<EventShape>(['open', 'descriptor', 'network']);

type DescriptorState = keyof typeof DESCRIPTOR_STATE;

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

  member(name: MemberOf<'descriptor'>): Value {
    return ofEvent('descriptor', name);
  }

  is(name: MemberOf<'descriptor'>, value: number | string): Condition {
    const code = typeof value === 'string' ? value.charCodeAt(0) : value;
    return holds(compare(this.member(name), '==', integer(code)), 'event');
  }

  state(bit: DescriptorState): Condition {
    return holds(hasBits(this.member('state'), flag('DESCRIPTOR', bit)), 'event');
  }

  /** The kernel had a file or socket behind it: false for a call that failed to make one. */
  get known(): Condition {
    return not(this.is('kind', 0));
  }

  get isSocket(): Condition {
    return holds(call('isSocket', EVENT_ADDRESS), 'event');
  }

  /** An end of a connection, by a function of rules-wasm/descriptor.ts. */
  address(name: 'fdCip' | 'fdSip' | 'fdLip' | 'fdRip'): Operand {
    return { kind: 'address', value: call(name, EVENT_ADDRESS), v6: this.#isIpv6, scope: 'event' };
  }

  port(name: 'fdCport' | 'fdSport' | 'fdLport' | 'fdRport'): Operand {
    const value = cast('i64', call(name, EVENT_ADDRESS));
    return { kind: 'number', value, scope: 'event', negativeIsAbsent: true };
  }

  get #isIpv6(): Value {
    return compare(this.member('kind'), '==', integer('6'.charCodeAt(0)));
  }

  /** Both ends, whether the socket has a role or not. */
  ends(what: 'address' | 'port'): Operand {
    const end = (value: Value): Operand =>
      what === 'port'
        ? number(cast('i64', value), 'event')
        : { kind: 'address', value, v6: this.#isIpv6, scope: 'event' };
    const local = end(this.member(`local_${what}`));
    const remote = end(call(what === 'port' ? 'fdOtherPort' : 'fdOtherAddress', EVENT_ADDRESS));
    return present(this.isSocket, { kind: 'ends', local, remote });
  }
}

/** The directory descriptor of calls on paths: its path. */
function directoryOf(type: EventType): Value | undefined {
  if (!type.usesFd) return undefined;
  if (type.shape === 'path') return ofEvent('path', 'directory');
  return type.shape === 'paths' ? ofEvent('paths', 'new_directory') : undefined;
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

/** The same, as its ASCII code. */
function guessOf({ type }: Descriptor): Value {
  return integer(guessedCharacter(type).charCodeAt(0));
}

type OfDescriptor = (descriptor: Descriptor) => Operand;

const bit =
  (name: DescriptorState): OfDescriptor =>
  (descriptor) =>
    present(descriptor.known, boolean(descriptor.state(name)));
/** Service names are not looked up: the number, as text. */
const service = (port: Operand): Operand =>
  port.kind === 'number'
    ? present(holds(compare(port.value, '>=', ZERO), 'event'), {
        kind: 'pieces',
        pieces: [{ kind: 'decimal', value: port.value, scope: 'event' }],
      })
    : port;

/** The directory part of fd.name, `/` where the name has no slash. */
const FD_DIRECTORY: Operand = {
  kind: 'text',
  text: {
    value: call('fdDirectory', EVENT_ADDRESS),
    scope: 'event',
    beginningOf: ofEvent('descriptor', 'name'),
  },
  orElse: '/',
};
const nameOf = (descriptor: Descriptor): Value => call('orEmpty', descriptor.member('name'));

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
    return enumeration(call('fdTypechar', EVENT_ADDRESS, guessOf(descriptor)), 'event', characters, 'o');
  },
  'fd.name': (descriptor) => text(nameOf(descriptor), 'event'),
  'fd.openpath': () => text(call('fdOpenpath', EVENT_ADDRESS), 'event'),
  'fd.directory': () => present(holds(call('hasDirectory', EVENT_ADDRESS), 'event'), FD_DIRECTORY),
  'fd.filename': (descriptor) =>
    present(descriptor.is('kind', 'f'), text(call('basename', nameOf(descriptor)), 'event')),
  'fd.nameraw': (descriptor) => text(call('fdNameraw', EVENT_ADDRESS, guessOf(descriptor)), 'event'),
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
    present(descriptor.known, number(cast('i64', arithmetic(descriptor.member('device'), '>>', integer(20))), 'event')),
  'fd.dev.minor': (descriptor) =>
    present(
      descriptor.known,
      number(cast('i64', arithmetic(descriptor.member('device'), '&', hexadecimal(0xfffff))), 'event'),
    ),
  'fd.ino': (descriptor) => present(descriptor.known, number(cast('i64', descriptor.member('inode')), 'event')),
};

/** Fields of the directory that a path is relative to, when it is known. */
const OF_DIRECTORY: Readonly<Record<string, (path: Value) => Operand>> = {
  'fd.type': () => constantText('directory'),
  'fd.typechar': () => constantText('d'),
  'fd.name': (path) => text(path, 'event'),
  'fd.directory': (path) => text(path, 'event'),
  'fd.nameraw': (path) => text(path, 'event'),
  'fd.dev': () => number(cast('i64', ZERO), 'image'),
  'fd.dev.major': () => number(cast('i64', ZERO), 'image'),
  'fd.dev.minor': () => number(cast('i64', ZERO), 'image'),
  'fd.ino': () => number(cast('i64', ZERO), 'image'),
  'fd.is_upper_layer': () => boolean(FALSE),
  'fd.is_lower_layer': () => boolean(FALSE),
  'fd.name_changed': () => boolean(FALSE),
  'fd.connected': () => boolean(FALSE),
  'fd.is_server': () => boolean(FALSE),
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
  if (name === 'fd.num') return number(cast('i64', ofEvent('header', 'fd')), 'event');
  const descriptor = Descriptor.of(type);
  if (descriptor) return BY_NAME[name]?.(descriptor) ?? ABSENT;
  const path = directoryOf(type);
  if (path === undefined) return ABSENT;
  return either(
    holds(isThere(path), 'event'),
    OF_DIRECTORY[name]?.(path) ?? ABSENT,
    OF_UNKNOWN_DIRECTORY[name] ?? ABSENT,
  );
}
