// The file or socket that a call works on. Absent on calls that neither make nor take a descriptor. Where the descriptor is a directory
// that a path is relative to (unlinkat, mkdirat...), it is that directory: what Falco means by fd.name there.

import { IP_SOCKETS } from '../descriptor-types.ts';
import type { DESCRIPTOR_STATE, EventShape } from '../event-structs.ts';
import { IP_PROTOCOLS } from '../ip-protocols.ts';
import {
  ABSENT,
  type BooleanDerivation,
  type Compare,
  type Derivation,
  type EventKind,
  type NumberDerivation,
  type Single,
  type TextDerivation,
} from './derivation.ts';
import {
  all,
  any,
  compare,
  DESCRIPTOR,
  derived,
  either,
  flag,
  hasBit,
  isThere,
  joinedBits,
  masked,
  not,
  number,
  numberIf,
  PATH,
  PATHS,
  present,
  shifted,
  shiftedUp,
} from './derive.ts';
import type { FieldSource } from './field.ts';

/** Shapes with the members of a descriptor, at the same place in each. */
export const WITH_DESCRIPTOR: ReadonlySet<EventShape> = new Set<EventShape>(['open', 'descriptor', 'network']);

/** A field's value on the different kinds of event; absent on kinds that are not given. */
interface ByDescriptor {
  readonly descriptor: (type: EventKind) => Derivation;
  /** `path`: that of the directory. */
  readonly directory?: (path: TextDerivation) => Derivation;
  readonly unknownDirectory?: Derivation;
}

export function ofDescriptor({ descriptor, directory, unknownDirectory = ABSENT }: ByDescriptor): FieldSource {
  return derived((type) => {
    if (!type.createsFd && !type.usesFd) return ABSENT;
    if (WITH_DESCRIPTOR.has(type.shape)) return descriptor(type);
    const passed = directoryOf(type);
    if (!passed) return ABSENT;
    const isKnown = all(compare(passed.descriptor, '>=', 0), isThere(passed.path));
    return either(isKnown, directory?.(passed.path) ?? ABSENT, unknownDirectory);
  });
}

/** The directory descriptor that calls on paths take. Without one the path is that of the current directory. */
function directoryOf({ usesFd, shape }: EventKind) {
  if (!usesFd) return undefined;
  if (shape === 'path') return { descriptor: PATH.number('dirfd'), path: PATH.text('directory') };
  if (shape !== 'paths') return undefined;
  return { descriptor: PATHS.number('new_dirfd'), path: PATHS.text('new_directory') };
}

/** A field that is absent when the call failed and there is no descriptor. `ofDirectory`: its value on directories. */
export function ofKnown(value: Single, ofDirectory?: Single): FieldSource {
  return ofDescriptor({
    descriptor: () => present(IS_KNOWN, value),
    ...(ofDirectory && { directory: () => ofDirectory }),
  });
}

const KIND = DESCRIPTOR.number('kind');
const IS_UNKNOWN = compare(KIND, '==', 0);

/** The kernel had a file or socket behind it: false for a call that failed to make one. */
export const IS_KNOWN: BooleanDerivation = not(IS_UNKNOWN);

export function isKind(character: string): Compare {
  return compare(KIND, '==', character.charCodeAt(0));
}

/** An IPv4 or IPv6 socket. */
export const IS_IP_SOCKET: BooleanDerivation = any(...IP_SOCKETS.map(isKind));

/** Whether fd.directory is present: for files and directories, and for what was not opened. */
export const HAS_DIRECTORY: BooleanDerivation = any(isKind('f'), isKind('d'), IS_UNKNOWN);

/** fd.typechar; a guess for a call that made no descriptor. */
export function typeCharacter(type: EventKind): NumberDerivation {
  return numberIf(compare(KIND, '!=', 0), KIND, guessedCharacter(type));
}

/** A failed open(2) is of kind `o`, of openat(2) `f`: Falco guesses from the event, and rules are written against it. */
export function guessedCharacter({ name }: EventKind) {
  return number((GUESSED[name] ?? 'o').charCodeAt(0));
}

const GUESSED: Readonly<Record<string, string>> = {
  openat: 'f',
  openat2: 'f',
  creat: 'f',
  socket: '4',
  accept: '4',
  accept4: '4',
};

const NO_LETTER = number(0);
const LETTER = IP_PROTOCOLS.reduceRight(
  (rest, { number: protocol, letter }) =>
    numberIf(compare(DESCRIPTOR.number('l4'), '==', protocol), number(letter.charCodeAt(0)), rest),
  NO_LETTER,
);

/** The letter of an IP socket's protocol; 0 = none. */
export const PROTOCOL_LETTER = numberIf(isKind('4'), LETTER, numberIf(isKind('6'), LETTER, NO_LETTER));

/** From the kernel's own encoding of a device (major << 20 | minor) to that of stat(2), where the minor's upper bits are above the major. */
export function statDevice(device: NumberDerivation): NumberDerivation {
  const below = joinedBits(masked(device, 0xff), shiftedUp(shifted(device, 20), 8));
  return joinedBits(below, shiftedUp(masked(device, 0xfff00), 12));
}

/** A bit of the descriptor's state. */
export function state(bit: keyof typeof DESCRIPTOR_STATE): BooleanDerivation {
  return hasBit(DESCRIPTOR.number('state'), flag('DESCRIPTOR', bit));
}
