// evt.arg.NAME and evt.rawarg.NAME: a parameter of the event type, as the text that it stands for or as its number.

import { ERRORS } from '../../schema/errno.ts';
import type { EventType } from '../../schema/events/index.ts';
import { WITH_DESCRIPTOR } from '../../schema/fields/of-descriptor.ts';
import { FLAG_TABLES, type FlagName } from '../../schema/flags.ts';
import { parameterBase } from '../../schema/parameter-base.ts';
import type { Parameter } from '../../schema/types.ts';
import { all, type Condition, holds, not } from '../ir/condition.ts';
import type { Scope } from '../ir/text.ts';
import {
  arithmetic,
  both,
  call,
  cast,
  choose,
  compare,
  hexadecimal,
  IMAGE_ADDRESS,
  integer,
  isThere,
  ofEvent,
  ofImage,
  type Value,
  ZERO,
} from '../ir/value.ts';
import { statDevice } from './argument-numbers.ts';
import { eventMember, memberOperand } from './members.ts';
import {
  ABSENT,
  constantText,
  either,
  enumeration,
  type LoweringContext,
  number,
  type Operand,
  text,
  toBytes,
} from './operand.ts';

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
      `evt.arg.${argument} of ${type.name} is not captured; conditions see it as absent`,
    );
    return ABSENT;
  }
  const value = memberOperand(parameter.member, type);
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
      context.warn('field-not-exact', `evt.arg.${parameter.name} is compared as its items joined by blanks`);
      return value;
    case 'ABSTIME':
      context.warn(
        'condition-not-supported',
        `evt.arg.${parameter.name} is a date in text form; conditions see it as absent`,
      );
      return ABSENT;
    default:
  }
  if (value.kind === 'text' && (parameter.type === 'FSPATH' || parameter.type === 'FSRELPATH')) {
    return pathText(parameter, value.text.value, type);
  }
  if (value.kind !== 'number') return value;
  const decimal = digits('decimal', value.value, value.scope);
  switch (parameter.type) {
    case 'FLAGS8':
    case 'FLAGS16':
    case 'FLAGS32':
      return flags(parameter, value.value, value.scope, '0');
    case 'MODE':
      return flags(parameter, value.value, value.scope, '0');
    case 'ENUMFLAGS8':
    case 'ENUMFLAGS16':
    case 'ENUMFLAGS32':
      return flags(parameter, value.value, value.scope, undefined);
    case 'SIGTYPE': {
      // 0, and those of real time, have no names.
      const last = integer(tableOf(parameter).length);
      const named = both(compare(value.value, '>=', integer(1)), compare(value.value, '<=', last));
      return either(holds(named, value.scope), flags(parameter, value.value, value.scope, undefined), decimal);
    }
    case 'ERRNO':
      return either(isNegative(value.value), errnoText(value.value), decimal);
    case 'FD':
      return either(isNegative(value.value), negativeDescriptor(value.value), descriptor(parameter, type, decimal));
    case 'PID':
      return processName(parameter, value.value, decimal);
    case 'UID':
      return userName(value.value, ofImage('uid'), ofImage('user_name'));
    case 'GID':
      return userName(value.value, ofImage('gid'), ofImage('group_name'));
    default:
      return digits(
        DIGITS[parameterBase(type.name, parameter.name)],
        parameter.name === 'dev' ? statDevice(value.value) : value.value,
        value.scope,
      );
  }
}

/** A buffer as text: what can't be printed is a dot, and an empty one is NULL. */
function shown(value: Operand): Operand {
  return value.kind === 'text' ? orNull({ kind: 'text', text: { ...value.text, shown: true } }) : value;
}

function isNegative(value: Value): Condition {
  return holds(compare(value, '<', ZERO), 'event');
}

function hasBytes(text: Value): Value {
  return compare(call('lengthOf', text), '>', ZERO);
}

function orNull(value: Extract<Operand, { kind: 'text' }>): Operand {
  return either(holds(hasBytes(value.text.value), value.text.scope), value, constantText('NULL'));
}

/** The path as it was passed if it is absolute, else seen from the root. */
function pathText(parameter: Parameter, name: Value, type: EventType): Operand {
  const raw = parameter.member?.startsWith('image.') ? undefined : eventMember(rawMember(parameter), type);
  return text(raw ? call('pathArgument', raw.value, name) : name, 'event');
}

function rawMember({ member = '' }: Parameter): string {
  return member.replace('name', 'raw');
}

const DIGITS = { 8: 'octal', 10: 'decimal', 16: 'hexadecimal' } as const;

function digits(kind: 'decimal' | 'octal' | 'hexadecimal', value: Value, scope: Scope): Operand {
  return { kind: 'pieces', pieces: [{ kind, value, scope }] };
}

/** The name of an error, or its number if it has no name. */
function errnoText(result: Value): Operand {
  return enumeration(result, 'event', ERRORS);
}

function tableOf(parameter: Parameter): readonly FlagName[] {
  return parameter.flags ? FLAG_TABLES[parameter.flags] : [];
}

function flags(parameter: Parameter, value: Value, scope: Scope, none: string | undefined): Operand {
  const names = tableOf(parameter).map(({ name, mask, equals }) => ({
    name: toBytes(name),
    mask: BigInt(mask),
    equals: BigInt(equals),
  }));
  const base = { kind: 'names', value: cast('u64', value), scope, names, separator: '|' } as const;
  return none === undefined ? base : { ...base, none };
}

const AT_FDCWD = -100;
const KIND = ofEvent('descriptor', 'kind');

function negativeDescriptor(value: Value): Operand {
  return either(holds(compare(value, '==', integer(AT_FDCWD)), 'event'), constantText('AT_FDCWD'), errnoText(value));
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
        { kind: 'text', value: path.value, scope: 'event' },
      ],
    };
    return either(holds(isThere(path.value), 'event'), named, decimal);
  }
  if (!WITH_DESCRIPTOR.has(type.shape)) return decimal;
  const kind = cast('u32', KIND);
  const named: Operand = {
    kind: 'pieces',
    pieces: [
      { kind: 'bytes', bytes: '<' },
      { kind: 'character', value: kind, scope: 'event' },
      { kind: 'character', value: call('protocolCharacter', kind, ofEvent('descriptor', 'l4')), scope: 'event' },
      { kind: 'bytes', bytes: '>' },
      { kind: 'text', value: call('orEmpty', ofEvent('descriptor', 'name')), scope: 'event' },
    ],
  };
  return either(not(holds(compare(KIND, '==', ZERO), 'event')), named, decimal);
}

/** comm of the process with that number, if the event refers to its image. */
function processName(parameter: Parameter, value: Value, decimal: Operand): Operand {
  const positive = holds(compare(value, '>', ZERO), 'event');
  const own = text(ofImage('comm'), 'event');
  if (parameter.name === 'res') return either(positive, own, decimal);
  const related = [
    IMAGE_ADDRESS,
    ofImage('parent_address'),
    ofImage('group_leader_address'),
    ofImage('session_address'),
  ];
  const named = related.reduceRight<Operand>((rest, image) => {
    const same = holds(compare(value, '==', cast('i64', ofImage('pid', image))), 'event');
    const name = ofImage('comm', image);
    return either(all([same, holds(isThere(name), 'event')]), text(name, 'event'), rest);
  }, decimal);
  const thread = holds(compare(value, '==', cast('i64', ofEvent('header', 'tid'))), 'event');
  return either(positive, either(thread, own, named), decimal);
}

/**
 * The image has the names of its own ids. Other names can't be looked up here: 0 is root, and all others count as ids without a name,
 * even if the machine's passwd has one.
 */
function userName(value: Value, own: Value, name: Value): Operand {
  const mine = all([holds(compare(value, '==', cast('i64', own)), 'event'), holds(hasBytes(name), 'event')]);
  const other = either(holds(compare(value, '==', ZERO), 'event'), constantText('root'), constantText('<NA>'));
  const unset = holds(compare(cast('u32', value), '==', hexadecimal(0xffffffff)), 'event');
  return either(unset, constantText('<NONE>'), either(mine, text(name, 'event'), other));
}

/** `1.2.3.4:80`, or the path of a unix socket. */
function passedAddress(context: LoweringContext): Operand {
  context.warn('field-not-exact', 'evt.arg.addr is absent in conditions when it is an IPv6 address');
  const part = (offset: number): Value => ({ node: 'byte', address: ofEvent('network', 'passed_address'), offset });
  const ip: Operand = {
    kind: 'pieces',
    pieces: [0, 1, 2, 3]
      .flatMap((index) => [
        { kind: 'decimal', value: cast('i64', part(index)), scope: 'event' } as const,
        { kind: 'bytes', bytes: index < 3 ? '.' : ':' } as const,
      ])
      .concat([{ kind: 'decimal', value: cast('i64', ofEvent('network', 'passed_port')), scope: 'event' }]),
  };
  const family = (number: number): Condition =>
    holds(compare(ofEvent('network', 'passed_family'), '==', integer(number)), 'event');
  const unix = text(call('orEmpty', ofEvent('network', 'passed_path')), 'event');
  return either(family(2), ip, either(family(1), unix, either(family(10), ABSENT, constantText('NULL'))));
}

/** The parameter in its own type; flags in Falco's numbers. */
function rawValue(parameter: Parameter, value: Operand, type: EventType): Operand {
  if (parameter.type === 'SOCKADDR' || parameter.type === 'SOCKTUPLE') return ABSENT;
  if (parameter.type === 'FSPATH' || parameter.type === 'FSRELPATH') {
    const raw = eventMember(rawMember(parameter), type);
    return raw ? either(holds(isThere(raw.value), 'event'), text(raw.value, 'event'), value) : value;
  }
  if (value.kind !== 'number') return value;
  const from = cast('u32', value.value);
  const bit = ({ mask, equals, value: falco }: FlagName): Value =>
    choose(compare(arithmetic(from, '&', integer(mask)), '==', integer(equals)), integer(falco), ZERO);
  const { scope } = value;
  if (parameter.type.startsWith('FLAGS')) {
    const [first = ZERO, ...bits] = tableOf(parameter).map(bit);
    const joined = bits.reduce((sum, next) => arithmetic(sum, '|', next), first);
    return number(cast('i64', cast('u32', joined)), scope);
  }
  if (parameter.type.startsWith('ENUMFLAGS')) {
    const named = tableOf(parameter).reduceRight(
      (rest, { equals, value: falco }) => choose(compare(from, '==', integer(equals)), integer(falco), rest),
      from,
    );
    return number(cast('i64', cast('u32', named)), scope);
  }
  if (parameter.type === 'MODE') return number(arithmetic(value.value, '&', hexadecimal(0xfff)), scope);
  return parameter.name === 'dev' ? number(statDevice(value.value), scope) : value;
}
