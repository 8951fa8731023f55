// evt.* and fs.path.*: facts of the event itself. Most of them are decided by the event type alone.

import { EVENT_HEADER, EVENT_STRUCTS } from '../../schema/event-structs.ts';
import type { EventType } from '../../schema/events.ts';
import type { Member, Struct } from '../../schema/layout.ts';
import { all, any, type Condition, constant, holds, not } from '../ir.ts';
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
  memberNamed,
  ofEvent,
  ofImage,
  type Value,
  ZERO,
} from '../value.ts';
import { errnoText } from './errno-text.ts';
import { ABSENT, boolean, constantText, either, number, type Operand, present, text } from './operand.ts';

/** A member of the event's record, by name; undefined where its shape has none. `numbers[1]` is an element of an array. */
export function eventMember(
  path: string,
  type: EventType,
): { readonly value: Value; readonly member: Member } | undefined {
  const [, name = path, index] = /^(\w+)\[(\d+)\]$/.exec(path) ?? [];
  const owner = EVENT_HEADER.members.some((member) => member.name === name) ? 'header' : type.shape;
  const struct: Struct = owner === 'header' ? EVENT_HEADER : EVENT_STRUCTS[type.shape];
  const member = struct.members.find((candidate) => candidate.name === name);
  const value = memberNamed(owner, name, EVENT_ADDRESS, index === undefined ? undefined : Number(index));
  return member && value && { value, member };
}

export function eventField(path: string, type: EventType): Operand {
  const found = eventMember(path, type);
  if (!found) return ABSENT;
  if (found.member.type === 'string') return text(found.value, 'event');
  const unsigned = found.member.type === 'u64';
  return number(unsigned ? found.value : cast('i64', found.value), 'event', unsigned);
}

const RESULT = ofEvent('header', 'result');
const TIME = ofEvent('header', 'time');
const OPEN_FLAGS = ofEvent('open', 'open_flags');
const ONE = cast('i64', integer(1));
const SECOND = integer(1_000_000_000);
const failed = holds(compare(RESULT, '<', ZERO), 'event');
const never = boolean(constant(false));
const oneIf = (condition: Condition): Operand =>
  either(condition, number(ONE, 'image'), number(cast('i64', ZERO), 'image'));
const countOfErrors =
  (...categories: readonly string[]) =>
  (type: EventType): Operand =>
    categories.includes(type.category) ? oneIf(failed) : ABSENT;

const OPENS = new Set(['open', 'openat', 'openat2', 'open_by_handle_at']);

/** The access mode, the lowest two bits of the flags, is one of these. */
function opensFor(...modes: readonly number[]): (type: EventType) => Operand {
  return (type) => {
    if (!OPENS.has(type.name)) return never;
    const accessMode = arithmetic(OPEN_FLAGS, '&', integer(3));
    return boolean(any(modes.map((mode) => holds(compare(accessMode, '==', integer(mode)), 'event'))));
  };
}

const O_TMPFILE = hexadecimal(0x410000);
const TEMPORARY = holds(compare(arithmetic(OPEN_FLAGS, '&', O_TMPFILE), '==', O_TMPFILE), 'event');

function opensExecutable(type: EventType): Operand {
  if (type.shape !== 'open') return never;
  const creates = any([
    constant(type.name === 'creat'),
    holds(hasBits(OPEN_FLAGS, hexadecimal(0x40)), 'event'),
    TEMPORARY,
  ]);
  return boolean(all([creates, holds(hasBits(ofEvent('open', 'mode'), hexadecimal(0x49)), 'event')]));
}

function opensCreated(type: EventType): Operand {
  if (type.shape !== 'open') return never;
  return boolean(
    any([
      holds(hasBits(ofEvent('open', 'state'), flag('DESCRIPTOR', 'CREATED')), 'event'),
      all([not(failed), TEMPORARY]),
    ]),
  );
}

/** Falco takes a call of the open family for successful unless it returned -1, which only EPERM is. */
function succeeded(type: EventType): Condition {
  return type.shape === 'open' ? holds(compare(RESULT, '!=', integer(-1)), 'event') : not(failed);
}

/** The path of a successful call on one path. */
function onePath(member: 'name' | 'raw'): (type: EventType) => Operand {
  return (type) => {
    const isPathCall =
      type.shape === 'open' || (type.shape === 'path' && type.name !== 'chdir') || type.name === 'fchmod';
    const path = eventMember(member, type);
    const name = eventMember('name', type);
    if (!isPathCall || !path || !name) return ABSENT;
    const there = holds(isThere(path.value), 'event');
    return present(succeeded(type), either(there, text(path.value, 'event'), text(name.value, 'event')));
  };
}

const LINKS = new Set(['link', 'linkat', 'symlink', 'symlinkat']);

/** One path of a successful call on two: of links the source is the new link, of the others the first path. */
function twoPaths(which: 'source' | 'target', raw: boolean): (type: EventType) => Operand {
  return (type) => {
    if (type.shape !== 'paths') return ABSENT;
    const first = LINKS.has(type.name) ? 'new' : 'old';
    const side = (which === 'source') === (first === 'old') ? 'old' : 'new';
    const passed = ofEvent('paths', `${side}_raw`);
    const absolute = ofEvent('paths', `${side}_name`);
    const there = all([succeeded(type), holds(isThere(passed), 'event')]);
    if (raw) return present(there, text(passed, 'event'));
    return present(there, either(holds(isThere(absolute), 'event'), text(absolute, 'event'), fromDirectory(passed)));
  };
}

/**
 * What a symbolic link says and a mount's device have no absolute form of their own; Falco joins them with the current directory, and
 * resolves `.` and `..`, which there is no place to do here.
 */
function fromDirectory(path: Value): Operand {
  const joined: Operand = {
    kind: 'pieces',
    pieces: [
      { kind: 'text', value: ofImage('cwd_slash'), scope: 'image' },
      { kind: 'text', value: path, scope: 'event' },
    ],
  };
  return either(holds(call('isAbsolute', path), 'event'), text(path, 'event'), joined);
}

const hasEventFlag = (name: 'IO_URING' | 'COMPAT'): Operand =>
  boolean(holds(hasBits(ofEvent('header', 'flags'), flag('EVENT_FLAG', name)), 'event'));

type OfEvent = (type: EventType, argument: string) => Operand;

/** Fields with a source of `computed`, by name. */
export const EVENT_OPERANDS: Readonly<Record<string, OfEvent>> = {
  'evt.type': (type) => constantText(type.name),
  'syscall.type': (type) => constantText(type.name),
  'evt.type.is': (type, argument) => number(cast('i64', integer(type.name === argument ? 1 : 0)), 'image'),
  'evt.category': (type) => constantText(type.category),
  'evt.source': () => constantText('syscall'),
  'evt.dir': () => constantText('<'),
  'evt.is_async': () => never,
  'evt.is_wait': () => never,
  'evt.is_syslog': () => never,
  'evt.rawtime.s': () => number(arithmetic(TIME, '/', SECOND), 'event', true),
  'evt.rawtime.ns': () => number(arithmetic(TIME, '%', SECOND), 'event', true),
  'evt.res': () => either(failed, errnoText(RESULT), constantText('SUCCESS')),
  'evt.failed': () => boolean(failed),
  'evt.is_io': (type) => boolean(constant(type.io !== undefined)),
  'evt.is_io_read': (type) => boolean(constant(type.io === 'read')),
  'evt.is_io_write': (type) => boolean(constant(type.io === 'write')),
  'evt.io_dir': (type) => (type.io ? constantText(type.io) : ABSENT),
  'evt.is_io_uring': () => hasEventFlag('IO_URING'),
  'evt.is_32bit': () => hasEventFlag('COMPAT'),
  'evt.is_open_read': opensFor(0, 2),
  'evt.is_open_write': opensFor(1, 2),
  'evt.is_open_exec': opensExecutable,
  'evt.is_open_create': opensCreated,
  'evt.buflen': (type) => (type.io ? present(not(failed), number(cast('u64', RESULT), 'event', true)) : ABSENT),
  'evt.count': () => number(ONE, 'image'),
  'evt.count.error': () => oneIf(failed),
  'evt.count.error.file': countOfErrors('file'),
  'evt.count.error.net': countOfErrors('net'),
  'evt.count.error.memory': countOfErrors('memory'),
  'evt.count.error.other': countOfErrors('process', 'user', 'IPC', 'system', 'other'),
  'evt.count.exit': () => number(ONE, 'image'),
  'evt.abspath': (type, argument) => {
    if (argument !== 'src' && argument !== 'dst') return ABSENT;
    return eventField(argument === 'src' ? 'old_name' : 'new_name', type);
  },
  'fs.path.name': onePath('name'),
  'fs.path.nameraw': onePath('raw'),
  'fs.path.source': twoPaths('source', false),
  'fs.path.sourceraw': twoPaths('source', true),
  'fs.path.target': twoPaths('target', false),
  'fs.path.targetraw': twoPaths('target', true),
};
