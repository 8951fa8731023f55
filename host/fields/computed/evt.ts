// evt.*: facts of the event itself.

import { errnoName } from '../../schema/errno.ts';
import { EVENT_FLAGS } from '../../schema/event-structs.ts';
import type { ComputedField, ComputedFields } from '../context.ts';
import { descriptorOf, hasState } from '../descriptor.ts';
import type { EventRecord } from '../record.ts';
import { type Absent, boolean, type FieldValue, integer, text } from '../value.ts';

const SECOND = 1_000_000_000n;
// The kernel's numbers (include/uapi/asm-generic/fcntl.h).
const ACCESS_MODE = 3;
const O_CREAT = 0o100;
const O_TMPFILE = 0o20200000;
const ANY_EXECUTE = 0o111;
const OPENS = new Set(['open', 'openat', 'openat2', 'open_by_handle_at']);

function failed(event: EventRecord): boolean {
  return event.result < 0n;
}

function result(event: EventRecord): FieldValue {
  if (!failed(event)) return text('SUCCESS');
  return text(errnoName(event.result) ?? String(event.result));
}

/** Whether the call asked to read (`bit` 1) or to write (2). */
function opensFor(bit: 1 | 2): ComputedField {
  return (event) => {
    if (!OPENS.has(event.type.name)) return boolean(false);
    // O_RDONLY, O_WRONLY and O_RDWR are 0, 1 and 2: one more makes them bits.
    const access = (event.number('open_flags') & ACCESS_MODE) + 1;
    return boolean((access & bit) !== 0);
  };
}

function asksForTemporary(flags: number): boolean {
  return (flags & O_TMPFILE) === O_TMPFILE;
}

function opensExecutable(event: EventRecord): FieldValue {
  if (event.type.shape !== 'open') return boolean(false);
  const flags = event.number('open_flags');
  const creates = event.type.name === 'creat' || (flags & O_CREAT) !== 0 || asksForTemporary(flags);
  return boolean(creates && (event.number('mode') & ANY_EXECUTE) !== 0);
}

function opensCreated(event: EventRecord): FieldValue {
  if (event.type.shape !== 'open') return boolean(false);
  const descriptor = descriptorOf(event);
  const created = descriptor !== undefined && hasState(descriptor, 'CREATED');
  return boolean(created || (!failed(event) && asksForTemporary(event.number('open_flags'))));
}

/** 1 on a failed call of that kind, 0 on one that did not fail, absent on calls of other kinds. */
function errorOf(...categories: string[]): ComputedField {
  return (event) => (categories.includes(event.type.category) ? integer(failed(event) ? 1 : 0) : undefined);
}

const OTHER_CATEGORIES = ['process', 'user', 'IPC', 'system', 'other'];

function io(direction?: 'read' | 'write'): ComputedField {
  return ({ type }) => boolean(direction ? type.io === direction : type.io !== undefined);
}

function hasFlag(flag: keyof typeof EVENT_FLAGS): ComputedField {
  return (event) => boolean((event.number('flags') & EVENT_FLAGS[flag]) !== 0);
}

function direction({ type }: EventRecord): FieldValue | Absent {
  return type.io && text(type.io);
}

const name: ComputedField = (event) => text(event.type.name);
const never: ComputedField = () => boolean(false);
const one: ComputedField = () => integer(1);

export const EVT_FIELDS: ComputedFields = {
  evtRawtimeS: (event) => integer(event.time / SECOND),
  evtRawtimeNs: (event) => integer(event.time % SECOND),
  evtSource: () => text('syscall'),
  evtIsAsync: never,
  evtDir: () => text('<'),
  evtType: name,
  syscallType: name,
  evtTypeIs: (event, argument) => integer(event.type.name === argument ? 1 : 0),
  evtCategory: (event) => text(event.type.category),
  evtRes: result,
  evtFailed: (event) => boolean(failed(event)),
  evtIsIo: io(),
  evtIsIoRead: io('read'),
  evtIsIoWrite: io('write'),
  evtIoDir: direction,
  evtIsWait: never,
  evtIsSyslog: never,
  evtIsIoUring: hasFlag('IO_URING'),
  evtIs32bit: hasFlag('COMPAT'),
  evtIsOpenRead: opensFor(1),
  evtIsOpenWrite: opensFor(2),
  evtIsOpenExec: opensExecutable,
  evtIsOpenCreate: opensCreated,
  evtBuflen: (event) => (event.type.io && !failed(event) ? integer(event.result) : undefined),
  evtCount: one,
  evtCountError: (event) => integer(failed(event) ? 1 : 0),
  evtCountErrorFile: errorOf('file'),
  evtCountErrorNet: errorOf('net'),
  evtCountErrorMemory: errorOf('memory'),
  evtCountErrorOther: errorOf(...OTHER_CATEGORIES),
  evtCountExit: one,
};
