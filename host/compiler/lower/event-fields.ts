// evt.* and fs.path.*: facts of the event itself. Most of them are decided by the event type alone.

import { EVENT_HEADER, EVENT_STRUCTS } from '../../schema/event-structs.ts';
import type { EventType } from '../../schema/events.ts';
import { accessorName } from '../../schema/generate/assemblyscript.ts';
import type { Member } from '../../schema/layout.ts';
import { all, any, type Condition, code, constant, not } from '../ir.ts';
import { errnoText } from './errno-text.ts';
import { ABSENT, boolean, constantText, either, number, type Operand, present, text } from './operand.ts';

/** A member of the event's record, by name; undefined where its shape has none. `numbers[1]` is an element of an array. */
export function eventMember(
  path: string,
  type: EventType,
): { readonly code: string; readonly member: Member } | undefined {
  const [, name = path, index] = /^(\w+)\[(\d+)\]$/.exec(path) ?? [];
  const owner = EVENT_HEADER.members.some((member) => member.name === name) ? 'header' : type.shape;
  const struct = owner === 'header' ? EVENT_HEADER : EVENT_STRUCTS[type.shape];
  const member = struct.members.find((candidate) => candidate.name === name);
  return member && { code: `${accessorName(owner, name)}(event${index === undefined ? '' : `, ${index}`})`, member };
}

export function eventField(path: string, type: EventType): Operand {
  const found = eventMember(path, type);
  if (!found) return ABSENT;
  if (found.member.type === 'string') return text(found.code, 'event');
  return found.member.type === 'u64' ? number(found.code, 'event', true) : number(`i64(${found.code})`, 'event');
}

const RESULT = 'headerResult(event)';
const failed = code(`${RESULT} < 0`, 'event');
const never = boolean(constant(false));
const oneIf = (condition: Condition): Operand =>
  either(condition, number('i64(1)', 'image'), number('i64(0)', 'image'));
const countOfErrors =
  (...categories: readonly string[]) =>
  (type: EventType): Operand =>
    categories.includes(type.category) ? oneIf(failed) : ABSENT;

const OPENS = new Set(['open', 'openat', 'openat2', 'open_by_handle_at']);

/** The access mode, the lowest two bits of the flags, is one of these. */
function opensFor(...modes: readonly number[]): (type: EventType) => Operand {
  return (type) => {
    if (!OPENS.has(type.name)) return never;
    return boolean(any(modes.map((mode) => code(`(openOpenFlags(event) & 3) == ${mode}`, 'event'))));
  };
}

const TEMPORARY = code('(openOpenFlags(event) & 0x410000) == 0x410000', 'event');

function opensExecutable(type: EventType): Operand {
  if (type.shape !== 'open') return never;
  const creates = any([
    constant(type.name === 'creat'),
    code('(openOpenFlags(event) & 0x40) != 0', 'event'),
    TEMPORARY,
  ]);
  return boolean(all([creates, code('(openMode(event) & 0x49) != 0', 'event')]));
}

function opensCreated(type: EventType): Operand {
  if (type.shape !== 'open') return never;
  return boolean(any([code('(openState(event) & DESCRIPTOR_CREATED) != 0', 'event'), all([not(failed), TEMPORARY])]));
}

/** Falco takes a call of the open family for successful unless it returned -1, which only EPERM is. */
function succeeded(type: EventType): Condition {
  return type.shape === 'open' ? code(`${RESULT} != -1`, 'event') : not(failed);
}

/** The path of a successful call on one path. */
function onePath(member: 'name' | 'raw'): (type: EventType) => Operand {
  return (type) => {
    const isPathCall =
      type.shape === 'open' || (type.shape === 'path' && type.name !== 'chdir') || type.name === 'fchmod';
    const path = eventMember(member, type);
    const name = eventMember('name', type);
    if (!isPathCall || !path || !name) return ABSENT;
    const there = code(`${path.code} != 0`, 'event');
    return present(succeeded(type), either(there, text(path.code, 'event'), text(name.code, 'event')));
  };
}

const LINKS = new Set(['link', 'linkat', 'symlink', 'symlinkat']);

/** One path of a successful call on two: of links the source is the new link, of the others the first path. */
function twoPaths(which: 'source' | 'target', raw: boolean): (type: EventType) => Operand {
  return (type) => {
    if (type.shape !== 'paths') return ABSENT;
    const first = LINKS.has(type.name) ? 'New' : 'Old';
    const side = (which === 'source') === (first === 'Old') ? 'Old' : 'New';
    const passed = `paths${side}Raw(event)`;
    const absolute = `paths${side}Name(event)`;
    const there = all([succeeded(type), code(`${passed} != 0`, 'event')]);
    if (raw) return present(there, text(passed, 'event'));
    return present(there, either(code(`${absolute} != 0`, 'event'), text(absolute, 'event'), fromDirectory(passed)));
  };
}

/**
 * What a symbolic link says and a mount's device have no absolute form of their own; Falco joins them with the current directory, and
 * resolves `.` and `..`, which there is no place to do here.
 */
function fromDirectory(path: string): Operand {
  const joined: Operand = {
    kind: 'pieces',
    pieces: [
      { kind: 'text', code: 'imageCwdSlash(image)', scope: 'image' },
      { kind: 'text', code: path, scope: 'event' },
    ],
  };
  return either(code(`isAbsolute(${path})`, 'event'), text(path, 'event'), joined);
}

type OfEvent = (type: EventType, argument: string) => Operand;

/** Fields with a source of `computed`, by name. */
export const EVENT_OPERANDS: Readonly<Record<string, OfEvent>> = {
  'evt.type': (type) => constantText(type.name),
  'syscall.type': (type) => constantText(type.name),
  'evt.type.is': (type, argument) => number(`i64(${type.name === argument ? 1 : 0})`, 'image'),
  'evt.category': (type) => constantText(type.category),
  'evt.source': () => constantText('syscall'),
  'evt.dir': () => constantText('<'),
  'evt.is_async': () => never,
  'evt.is_wait': () => never,
  'evt.is_syslog': () => never,
  'evt.rawtime.s': () => number('headerTime(event) / 1000000000', 'event', true),
  'evt.rawtime.ns': () => number('headerTime(event) % 1000000000', 'event', true),
  'evt.res': () => either(failed, errnoText(RESULT), constantText('SUCCESS')),
  'evt.failed': () => boolean(failed),
  'evt.is_io': (type) => boolean(constant(type.io !== undefined)),
  'evt.is_io_read': (type) => boolean(constant(type.io === 'read')),
  'evt.is_io_write': (type) => boolean(constant(type.io === 'write')),
  'evt.io_dir': (type) => (type.io ? constantText(type.io) : ABSENT),
  'evt.is_io_uring': () => boolean(code('(headerFlags(event) & EVENT_FLAG_IO_URING) != 0', 'event')),
  'evt.is_32bit': () => boolean(code('(headerFlags(event) & EVENT_FLAG_COMPAT) != 0', 'event')),
  'evt.is_open_read': opensFor(0, 2),
  'evt.is_open_write': opensFor(1, 2),
  'evt.is_open_exec': opensExecutable,
  'evt.is_open_create': opensCreated,
  'evt.buflen': (type) => (type.io ? present(not(failed), number('u64(headerResult(event))', 'event', true)) : ABSENT),
  'evt.count': () => number('i64(1)', 'image'),
  'evt.count.error': () => oneIf(failed),
  'evt.count.error.file': countOfErrors('file'),
  'evt.count.error.net': countOfErrors('net'),
  'evt.count.error.memory': countOfErrors('memory'),
  'evt.count.error.other': countOfErrors('process', 'user', 'IPC', 'system', 'other'),
  'evt.count.exit': () => number('i64(1)', 'image'),
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
