// A parameter of an event: its raw value, and the meaning of its number or path.

import { errnoName } from '../schema/errno.ts';
import { parameterBase } from '../schema/parameter-base.ts';
import type { Parameter } from '../schema/types.ts';
import { groupName, userName } from './account-names.ts';
import { addressText, isMapped } from './address.ts';
import type { ReadContext } from './context.ts';
import { kindAndProtocol, statDevice } from './descriptor.ts';
import { nameFlags } from './flag-names.ts';
import { isAbsolute } from './path.ts';
import type { EventRecord, ImageRecord } from './record.ts';
import { NOT_AVAILABLE } from './text.ts';
import { dateTime } from './time.ts';
import { buffer, concatenate, encode, type FieldValue, integer, splitAtNul, text } from './value.ts';

const EMPTY = new Uint8Array(0);
const NO_DATA = encode('NULL');
const AT_FDCWD = -100n;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const UNSET_ID = 0xffffffff;

/** A parameter's forms. */
export interface ParameterValue {
  readonly raw: FieldValue;
  /** The raw value in evt.args, if it differs from the usual text. */
  readonly shown?: Uint8Array;
  /** The meaning, e.g. the names of flags; undefined if it is the raw value. */
  readonly meaning?: Uint8Array;
}

/** Undefined if the event has no such value or it is not captured. */
export function readParameter(
  event: EventRecord,
  parameter: Parameter,
  { base64Buffers }: ReadContext,
): ParameterValue | undefined {
  if (parameter.member === undefined) return undefined;
  const { owner, member, index } = locate(event, parameter.member);
  const value = owner?.value(member, index);
  if (!owner) return undefined;
  switch (parameter.type) {
    case 'FSPATH':
    case 'FSRELPATH':
      return pathValue(event, owner, member);
    case 'SOCKADDR':
      return { raw: text(passedAddress(event) ?? NO_DATA) };
    case 'SOCKTUPLE':
      return { raw: text(value instanceof Uint8Array && value.length > 0 ? value : NO_DATA) };
    case 'BYTEBUF':
      return { raw: buffer(listBytes(owner, member), base64Buffers) };
  }
  if (value === undefined) return undefined;
  return value instanceof Uint8Array ? { raw: text(value) } : numberValue(event, parameter, value);
}

function locate(event: EventRecord, path: string) {
  const [, onImage, member = '', index = '0'] = /^(image\.)?(\w+)(?:\[(\d+)\])?$/.exec(path) ?? [];
  return { owner: onImage ? event.image : event, member, index: Number(index) };
}

/** As passed, and seen from the root when it was passed relative to some directory. */
function pathValue(event: EventRecord, owner: EventRecord | ImageRecord, member: string): ParameterValue | undefined {
  const name = owner.bytes(member);
  // Values from the image (its executable) were not passed.
  const raw = owner === event ? (owner.bytes(member.replace('name', 'raw')) ?? name) : name;
  if (!raw) return undefined;
  return name && name !== raw && !isAbsolute(raw) ? { raw: text(raw), meaning: name } : { raw: text(raw) };
}

/** Arguments and environment with their NULs, which show as dots. */
function listBytes(owner: EventRecord | ImageRecord, member: string): Uint8Array {
  if (member === 'args') {
    const all = owner.bytes('argv') ?? EMPTY;
    return all.subarray((splitAtNul(all)[0] ?? EMPTY).length + 1);
  }
  return owner.bytes(member === 'environment_text' ? 'environment' : member) ?? EMPTY;
}

function passedAddress(event: EventRecord): Uint8Array | undefined {
  const address = event.bytes('passed_address') ?? EMPTY;
  const port = event.number('passed_port');
  switch (event.number('passed_family')) {
    case AF_INET:
      return encode(`${addressText(address.subarray(0, 4))}:${port}`);
    case AF_INET6:
      return encode(`${addressText(isMapped(address) ? address.subarray(12) : address)}:${port}`);
    case AF_UNIX:
      return event.bytes('passed_path') ?? EMPTY;
    default:
      return undefined;
  }
}

function numberValue(event: EventRecord, parameter: Parameter, member: number | bigint): ParameterValue {
  const number = BigInt(member);
  switch (parameter.type) {
    case 'FLAGS8':
    case 'FLAGS16':
    case 'FLAGS32':
    case 'ENUMFLAGS8':
    case 'ENUMFLAGS16':
    case 'ENUMFLAGS32':
    case 'SIGTYPE':
      return flags(parameter, number);
    case 'MODE':
      return { ...flags(parameter, number), raw: integer(number & 0o7777n, 8) };
    case 'ERRNO':
      return withMeaning(integer(number), errnoName(number));
    case 'FD':
      return { raw: integer(number), ...descriptorMeaning(event, parameter, number) };
    case 'PID':
      return { raw: integer(number), ...processMeaning(event, parameter, number) };
    case 'UID':
      return withMeaning(integer(number), idMeaning(Number(number), event, 'uid', 'user_name', userName));
    case 'GID':
      return withMeaning(integer(number), idMeaning(Number(number), event, 'gid', 'group_name', groupName));
    case 'ABSTIME':
      return { raw: integer(number), shown: encode(dateTime(number)) };
    default:
      return {
        raw: integer(
          parameter.name === 'dev' ? statDevice(Number(number)) : number,
          parameterBase(event.type.name, parameter.name),
        ),
      };
  }
}

function withMeaning(raw: FieldValue, meaning: string | undefined): ParameterValue {
  return meaning === undefined ? { raw } : { raw, meaning: encode(meaning) };
}

function flags(parameter: Parameter, number: bigint): ParameterValue {
  if (!parameter.flags) return { raw: integer(number) };
  const enumeration = parameter.type.startsWith('ENUM') || parameter.type === 'SIGTYPE';
  const { value, names } = nameFlags(parameter.flags, number, enumeration);
  return withMeaning(integer(value), names);
}

/** `<f>/etc/passwd`, `<4t>1.2.3.4:1->5.6.7.8:2`; the error's name for a call that failed; the number alone for an unknown one. */
function descriptorMeaning(event: EventRecord, parameter: Parameter, number: bigint): { meaning?: Uint8Array } {
  if (number === AT_FDCWD) return { meaning: encode('AT_FDCWD') };
  if (number < 0n) {
    const name = errnoName(number);
    return name === undefined ? {} : { meaning: encode(name) };
  }
  const directory = directoryMember(parameter.member ?? '');
  if (directory !== undefined) {
    const path = event.bytes(directory);
    return path ? { meaning: concatenate([encode('<d>'), path]) } : {};
  }
  const kind = event.number('kind');
  if (kind === 0) return {};
  const shown = kindAndProtocol(kind, event.number('l4'));
  return { meaning: concatenate([encode(`<${shown}>`), event.bytes('name') ?? EMPTY]) };
}

/** The member that holds the path of a directory descriptor. */
function directoryMember(member: string): string | undefined {
  switch (member) {
    case 'dirfd':
      return 'directory';
    case 'old_dirfd':
      return 'old_directory';
    case 'new_dirfd':
      return 'new_directory';
    default:
      return undefined;
  }
}

/** comm of the process with that number, if the event refers to its image. */
function processMeaning(event: EventRecord, parameter: Parameter, number: bigint): { meaning?: Uint8Array } {
  const { image } = event;
  if (!image || number <= 0n) return {};
  const isChild = parameter.name === 'res';
  const related = [image, image.parent, image.groupLeader, image.sessionLeader];
  const named =
    isChild || number === BigInt(event.number('tid'))
      ? image
      : related.find((candidate) => candidate && BigInt(candidate.number('pid')) === number);
  const name = named?.bytes('comm');
  return name ? { meaning: name } : {};
}

/** The image has the names of its own ids, in containers too; others are looked up on this machine. */
function idMeaning(
  id: number,
  event: EventRecord,
  idMember: string,
  nameMember: string,
  lookUp: (id: number) => string | undefined,
): string {
  if (id === UNSET_ID) return '<NONE>';
  const own = event.image?.number(idMember) === id ? event.image.bytes(nameMember) : undefined;
  return own ? new TextDecoder().decode(own) : (lookUp(id) ?? NOT_AVAILABLE);
}
