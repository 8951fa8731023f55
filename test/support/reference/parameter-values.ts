// What evt.arg and evt.rawarg of an event come to, for tests: written apart from host/fields/ and the compiler. Texts are byte strings.

import { errnoName } from '../../../host/schema/errno.ts';
import { FLAG_TABLES } from '../../../host/schema/flags.ts';
import { parameterBase } from '../../../host/schema/parameter-base.ts';
import type { Parameter } from '../../../host/schema/types.ts';
import type { PlainValue } from './derivation-value.ts';
import { itemsOf, statDevice } from './operator-values.ts';
import { ancestorsOf, type RawEvent, type RawRecord } from './raw-record.ts';
import { asType } from './signedness.ts';

const NO_DATA = 'NULL';
const AT_FDCWD = -100n;
const NO_ID = 0xffffffffn;
const [AF_UNIX, AF_INET] = [1n, 2n];
const PROTOCOLS: Readonly<Record<string, string>> = { 1: 'i', 6: 't', 17: 'u', 58: 'i', 255: 'r' };

/** A captured parameter of the event, by name or number, and where it lies. */
function locate(argument: string, { type, event, image }: RawEvent) {
  const found = /^\d+$/.test(argument)
    ? type.parameters[Number(argument)]
    : type.parameters.find(({ name }) => name === argument);
  const [, ofImage, member = '', index = '0'] = /^(image\.)?(\w+)(?:\[(\d+)\])?$/.exec(found?.member ?? '') ?? [];
  return found && member !== ''
    ? { parameter: found, record: ofImage ? image : event, member, index: +index }
    : undefined;
}

/** evt.arg: what the parameter means. */
export function argumentText(argument: string, at: RawEvent): PlainValue | undefined {
  const located = locate(argument, at);
  if (!located) return undefined;
  const { parameter, record, member, index } = located;
  const bytes = isText(parameter)
    ? textMeaning(parameter, record, member, at)
    : numberMeaning(parameter, record.number(member, index), at);
  return bytes === undefined ? undefined : { kind: 'text', bytes };
}

/** evt.rawarg: the parameter in its own type. */
export function rawArgument(argument: string, at: RawEvent): PlainValue | undefined {
  const located = locate(argument, at);
  if (!located || /^SOCK/.test(located.parameter.type)) return undefined;
  const { parameter, record, member, index } = located;
  if (!isText(parameter)) return { kind: 'integer', value: rawNumber(parameter, record.number(member, index)) };
  const bytes = parameter.type === 'BYTEBUF' ? buffer(parameter, record, member) : passedPath(record, member, at);
  return bytes === undefined ? undefined : { kind: 'text', bytes };
}

// -- texts --

function isText({ type }: Parameter): boolean {
  return /^(CHARBUF|BYTEBUF|FSPATH|FSRELPATH|SOCKADDR|SOCKTUPLE)$/.test(type);
}

function textMeaning(parameter: Parameter, record: RawRecord, member: string, at: RawEvent): string | undefined {
  switch (parameter.type) {
    case 'SOCKADDR':
      return passedAddress(at.event);
    case 'SOCKTUPLE':
      return record.text(member) || NO_DATA;
    case 'BYTEBUF':
      return buffer(parameter, record, member).replace(/[^ -~]/g, '.') || NO_DATA;
    case 'FSPATH':
    case 'FSRELPATH': {
      const passed = passedPath(record, member, at);
      return passed?.startsWith('/') || passed === undefined ? passed : (record.text(member) ?? passed);
    }
    default:
      return record.text(member);
  }
}

/** Arguments are those without the first. */
function buffer({ withoutFirst }: Parameter, record: RawRecord, member: string): string {
  const bytes = record.text(member) ?? '';
  return withoutFirst ? bytes.slice((itemsOf(bytes)[0] ?? '').length + 1) : bytes;
}

/** Paths of the image were not passed. */
function passedPath(record: RawRecord, member: string, { event }: RawEvent): string | undefined {
  const raw = member.replace('name', 'raw');
  return (record === event && record.has(raw) ? record.text(raw) : undefined) ?? record.text(member);
}

/** Conditions know no IPv6 address here. */
function passedAddress(event: RawRecord): string | undefined {
  switch (event.number('passed_family')) {
    case AF_UNIX:
      return event.text('passed_path') ?? '';
    case AF_INET:
      return `${event.bytes('passed_address').slice(0, 4).join('.')}:${event.number('passed_port')}`;
    default:
      return NO_DATA;
  }
}

// -- numbers --

function numberMeaning(parameter: Parameter, inRecord: bigint, at: RawEvent): string | undefined {
  const { type, name } = parameter;
  const number = typed(parameter, inRecord);
  switch (type) {
    // Conditions know no dates.
    case 'ABSTIME':
      return undefined;
    case 'ERRNO':
      return errnoName(number) ?? `${number}`;
    case 'FD':
      return descriptorMeaning(parameter, number, at) ?? `${number}`;
    case 'PID':
      return processName(name, number, at) ?? `${number}`;
    case 'UID':
      return name === 'loginuid'
        ? idName(number, at.image, 'login_uid', 'login_name')
        : idName(number, at.image, 'uid', 'user_name');
    case 'GID':
      return idName(number, at.image, 'gid', 'group_name');
    default: {
      const names = namesOf(parameter, number).map((each) => each.name);
      if (names.length > 0) return names.join('|');
      if (type.startsWith('ENUM')) return `${BigInt.asIntN(64, inRecord)}`;
      const base = parameterBase(at.type.name, name);
      const raw = rawNumber(parameter, inRecord);
      return digits(base === 16 && type === 'INT32' ? BigInt.asUintN(32, raw) : raw, base);
    }
  }
}

/** Hexadecimal in capitals, octal with a zero before it. */
function digits(number: bigint, base: 8 | 10 | 16): string {
  return (base === 8 && number !== 0n ? '0' : '') + number.toString(base).toUpperCase();
}

/** As large as the type allows, and with its sign. */
function typed({ type }: Parameter, number: bigint): bigint {
  return asType(number, type === 'DYN' ? 'UINT64' : type);
}

/** In Falco's numbering: flags without a name are left out, values of an enumeration are kept. */
function rawNumber(parameter: Parameter, number: bigint): bigint {
  const names = namesOf(parameter, number);
  if (parameter.type === 'MODE') return number & 0o7777n;
  if (parameter.name === 'dev') return statDevice(typed(parameter, number));
  const numbers = names.map(({ value }) => BigInt(value));
  if (parameter.type.startsWith('FLAGS')) return numbers.reduce((sum, value) => sum | value, 0n);
  if (parameter.type.startsWith('ENUM')) return typed(parameter, numbers[0] ?? BigInt.asUintN(32, number));
  return typed(parameter, number);
}

function namesOf({ flags }: Parameter, number: bigint) {
  const low = BigInt.asUintN(32, number);
  return (flags ? FLAG_TABLES[flags] : []).filter(({ mask, equals }) => (low & BigInt(mask)) === BigInt(equals));
}

/** `<f>/etc/passwd`, `<4t>1.2.3.4:1->5.6.7.8:2`, `<d>/directory`, or the name of the error. */
function descriptorMeaning({ member }: Parameter, number: bigint, { event }: RawEvent): string | undefined {
  if (number === AT_FDCWD) return 'AT_FDCWD';
  if (number < 0n) return errnoName(number);
  if (member?.endsWith('dirfd')) {
    const path = event.text(member.replace('dirfd', 'directory'));
    return path === undefined ? undefined : `<d>${path}`;
  }
  if (!event.has('kind') || event.number('kind') === 0n) return undefined;
  const kind = String.fromCharCode(Number(event.number('kind')));
  const protocol = /[46]/.test(kind) ? (PROTOCOLS[`${event.number('l4')}`] ?? '') : '';
  return `<${kind}${protocol}>${event.text('name') ?? ''}`;
}

/** Of the event's process, or of one that it is related to. */
function processName(parameter: string, pid: bigint, { event, image }: RawEvent): string | undefined {
  if (pid <= 0n) return undefined;
  if (parameter === 'res') return image.text('comm');
  const [parent] = ancestorsOf(image);
  const related = [
    ...[pid === event.number('tid') ? image : undefined, image.number('pid') === pid ? image : undefined],
    ...[parent, image.linked('group_leader_address'), image.linked('session_address')].filter(
      (each) => each?.number('pid') === pid,
    ),
  ];
  return related.map((each) => each?.text('comm')).find((name) => name !== undefined);
}

/** The image has the names of its own ids. Conditions have no others, but for root's. */
function idName(id: bigint, image: RawRecord, idMember: string, nameMember: string): string {
  if (id === NO_ID) return '<NONE>';
  const own = image.number(idMember) === id ? image.text(nameMember) : undefined;
  return own || (id === 0n ? 'root' : '<NA>');
}
