// evt.arg.NAME and evt.rawarg.NAME: a parameter of the event type, as the text that it stands for or as its number.

import type { EventType } from '../../schema/events.ts';
import { FLAG_TABLES, type FlagName } from '../../schema/flags.ts';
import { parameterBase } from '../../schema/parameter-base.ts';
import type { Parameter } from '../../schema/types.ts';
import { all, code, type Scope } from '../ir.ts';
import { statDevice } from './argument-numbers.ts';
import { Descriptor } from './descriptor-fields.ts';
import { errnoText } from './errno-text.ts';
import { eventField, eventMember } from './event-fields.ts';
import { imageMember } from './image-fields.ts';
import { ABSENT, constantText, either, type LoweringContext, number, type Operand, text, toBytes } from './operand.ts';

/** By name or, all digits, by position from 0. */
export function findParameter(type: EventType, argument: string): Parameter | undefined {
  if (/^\d+$/.test(argument)) return type.parameters[Number(argument)];
  return type.parameters.find((parameter) => parameter.name === argument);
}

export function argumentField(raw: boolean, argument: string, context: LoweringContext): Operand {
  const { type } = context;
  const parameter = findParameter(type, argument);
  if (!parameter) return ABSENT;
  if (parameter.member === undefined) {
    context.warn(
      'argument-not-captured',
      `evt.arg.${argument} of ${type.name} is not captured; it counts as absent there`,
    );
    return ABSENT;
  }
  const value = parameter.member.startsWith('image.')
    ? imageMember(parameter.member.slice('image.'.length))
    : eventField(parameter.member, type);
  return raw ? rawValue(parameter, value, type) : textOf(parameter, value, context);
}

function textOf(parameter: Parameter, value: Operand, context: LoweringContext): Operand {
  const { type } = context;
  switch (parameter.type) {
    case 'SOCKADDR':
      return passedAddress(context);
    case 'SOCKTUPLE':
      return value.kind === 'text' ? orNull(value) : ABSENT;
    case 'BYTEBUF':
      if (parameter.member === 'data') return shown(value);
      context.warn('field-not-exact', `evt.arg.${parameter.name} is compared with blanks between its items`);
      return value;
    case 'ABSTIME':
      context.warn(
        'condition-not-supported',
        `evt.arg.${parameter.name} is a date as text; it counts as absent in conditions`,
      );
      return ABSENT;
    default:
  }
  if (value.kind === 'text' && (parameter.type === 'FSPATH' || parameter.type === 'FSRELPATH')) {
    return pathText(parameter, value.text.code, type);
  }
  if (value.kind !== 'number') return value;
  const decimal = digits('decimal', value.code, value.scope);
  switch (parameter.type) {
    case 'FLAGS8':
    case 'FLAGS16':
    case 'FLAGS32':
      return flags(parameter, value.code, value.scope, '0');
    case 'MODE':
      return flags(parameter, value.code, value.scope, '0');
    case 'ENUMFLAGS8':
    case 'ENUMFLAGS16':
    case 'ENUMFLAGS32':
      return flags(parameter, value.code, value.scope, undefined);
    case 'SIGTYPE': {
      // 0, and those of real time, have no names.
      const named = `${value.code} >= 1 && ${value.code} <= ${tableOf(parameter).length}`;
      return either(code(named, value.scope), flags(parameter, value.code, value.scope, undefined), decimal);
    }
    case 'ERRNO':
      return either(code(`${value.code} < 0`, 'event'), errnoText(value.code), decimal);
    case 'FD':
      return either(
        code(`${value.code} < 0`, 'event'),
        negativeDescriptor(value.code),
        descriptor(parameter, type, decimal),
      );
    case 'PID':
      return processName(parameter, value.code, decimal);
    case 'UID':
      return userName(value.code, 'imageUid(image)', 'imageUserName(image)');
    case 'GID':
      return userName(value.code, 'imageGid(image)', 'imageGroupName(image)');
    default:
      return digits(
        DIGITS[parameterBase(type.name, parameter.name)],
        parameter.name === 'dev' ? statDevice(value.code) : value.code,
        value.scope,
      );
  }
}

/** A buffer as text: what can't be printed is a dot, and an empty one is NULL. */
function shown(value: Operand): Operand {
  return value.kind === 'text' ? orNull({ kind: 'text', text: { ...value.text, shown: true } }) : value;
}

function orNull(value: Extract<Operand, { kind: 'text' }>): Operand {
  return either(code(`lengthOf(${value.text.code}) > 0`, value.text.scope), value, constantText('NULL'));
}

/** The path as it was passed if it is absolute, else seen from the root. */
function pathText(parameter: Parameter, name: string, type: EventType): Operand {
  const raw = parameter.member?.startsWith('image.') ? undefined : eventMember(rawMember(parameter), type);
  return text(raw ? `pathArgument(${raw.code}, ${name})` : name, 'event');
}

function rawMember({ member = '' }: Parameter): string {
  return member.replace('name', 'raw');
}

const DIGITS = { 8: 'octal', 10: 'decimal', 16: 'hexadecimal' } as const;

function digits(kind: 'decimal' | 'octal' | 'hexadecimal', value: string, scope: Scope): Operand {
  return { kind: 'pieces', pieces: [{ kind, code: value, scope }] };
}

function tableOf(parameter: Parameter): readonly FlagName[] {
  return parameter.flags ? FLAG_TABLES[parameter.flags] : [];
}

function flags(parameter: Parameter, value: string, scope: Scope, none: string | undefined): Operand {
  const names = tableOf(parameter).map(({ name, mask, equals }) => ({
    name: toBytes(name),
    mask: BigInt(mask),
    equals: BigInt(equals),
  }));
  const base = { kind: 'names', code: `u64(${value})`, scope, names, separator: '|' } as const;
  return none === undefined ? base : { ...base, none };
}

function negativeDescriptor(value: string): Operand {
  return either(code(`${value} == -100`, 'event'), constantText('AT_FDCWD'), errnoText(value));
}

/** `<f>/etc/passwd`, `<4t>1.2.3.4:1->5.6.7.8:2`, `<d>/directory`; the number where it isn't known. */
function descriptor(parameter: Parameter, type: EventType, decimal: Operand): Operand {
  const directories: Readonly<Record<string, string>> = {
    dirfd: 'directory',
    old_dirfd: 'old_directory',
    new_dirfd: 'new_directory',
  };
  const directory = directories[parameter.member ?? ''];
  if (directory !== undefined) {
    const path = eventMember(directory, type);
    if (!path) return decimal;
    const named: Operand = {
      kind: 'pieces',
      pieces: [
        { kind: 'bytes', bytes: '<d>' },
        { kind: 'text', code: path.code, scope: 'event' },
      ],
    };
    return either(code(`${path.code} != 0`, 'event'), named, decimal);
  }
  const found = Descriptor.of(type);
  if (!found) return decimal;
  const kind = `u32(${found.member('kind')})`;
  const named: Operand = {
    kind: 'pieces',
    pieces: [
      { kind: 'bytes', bytes: '<' },
      { kind: 'character', code: kind, scope: 'event' },
      { kind: 'character', code: `protocolCharacter(${kind}, ${found.member('l4')})`, scope: 'event' },
      { kind: 'bytes', bytes: '>' },
      { kind: 'text', code: `orEmpty(${found.member('name')})`, scope: 'event' },
    ],
  };
  return either(found.known, named, decimal);
}

/** comm of the process that the number names, if it is one whose image the event leads to. */
function processName(parameter: Parameter, value: string, decimal: Operand): Operand {
  const positive = code(`${value} > 0`, 'event');
  if (parameter.name === 'res') return either(positive, text('imageComm(image)', 'event'), decimal);
  const related = [
    'image',
    'imageParentAddress(image)',
    'imageGroupLeaderAddress(image)',
    'imageSessionAddress(image)',
  ];
  const named = related.reduceRight<Operand>((rest, image) => {
    const same = code(`${value} == i64(imagePid(${image}))`, 'event');
    const name = text(`imageComm(${image})`, 'event');
    return either(all([same, code(`imageComm(${image}) != 0`, 'event')]), name, rest);
  }, decimal);
  const thread = code(`${value} == i64(headerTid(event))`, 'event');
  return either(positive, either(thread, text('imageComm(image)', 'event'), named), decimal);
}

/**
 * The image knows the names of its own ids. There are no others to look up here: 0 is root, and the rest count as ids without a
 * name, which the machine's passwd may have one for.
 */
function userName(value: string, own: string, name: string): Operand {
  const mine = all([code(`${value} == i64(${own})`, 'event'), code(`lengthOf(${name}) > 0`, 'event')]);
  const other = either(code(`${value} == 0`, 'event'), constantText('root'), constantText('<NA>'));
  const unset = code(`u32(${value}) == 0xffffffff`, 'event');
  return either(unset, constantText('<NONE>'), either(mine, text(name, 'event'), other));
}

/** `1.2.3.4:80`, or the path of a unix socket. */
function passedAddress(context: LoweringContext): Operand {
  context.warn('field-not-exact', 'evt.arg.addr counts as absent where it is an IPv6 address');
  const part = (index: number): string => `load<u8>(networkPassedAddress(event), ${index})`;
  const ip: Operand = {
    kind: 'pieces',
    pieces: [0, 1, 2, 3]
      .flatMap((index) => [
        { kind: 'decimal', code: `i64(${part(index)})`, scope: 'event' } as const,
        { kind: 'bytes', bytes: index < 3 ? '.' : ':' } as const,
      ])
      .concat([{ kind: 'decimal', code: 'i64(networkPassedPort(event))', scope: 'event' }]),
  };
  const family = (value: number) => code(`networkPassedFamily(event) == ${value}`, 'event');
  const unix = text('orEmpty(networkPassedPath(event))', 'event');
  return either(family(2), ip, either(family(1), unix, either(family(10), ABSENT, constantText('NULL'))));
}

/** The parameter in its own type; flags in Falco's numbers. */
function rawValue(parameter: Parameter, value: Operand, type: EventType): Operand {
  if (parameter.type === 'SOCKADDR' || parameter.type === 'SOCKTUPLE') return ABSENT;
  if (parameter.type === 'FSPATH' || parameter.type === 'FSRELPATH') {
    const raw = eventMember(rawMember(parameter), type);
    return raw ? either(code(`${raw.code} != 0`, 'event'), text(raw.code, 'event'), value) : value;
  }
  if (value.kind !== 'number') return value;
  const from = `u32(${value.code})`;
  const bit = ({ mask, equals, value: falco }: FlagName): string => `((${from} & ${mask}) == ${equals} ? ${falco} : 0)`;
  const { scope } = value;
  if (parameter.type.startsWith('FLAGS')) {
    return number(`i64(u32(${tableOf(parameter).map(bit).join(' | ') || '0'}))`, scope);
  }
  if (parameter.type.startsWith('ENUMFLAGS')) {
    const named = tableOf(parameter).reduceRight(
      (rest, { equals, value: falco }) => `(${from} == ${equals} ? ${falco} : ${rest})`,
      from,
    );
    return number(`i64(u32(${named}))`, scope);
  }
  if (parameter.type === 'MODE') return number(`(${value.code} & 0xfff)`, scope);
  return parameter.name === 'dev' ? number(statDevice(value.code), scope) : value;
}
