// The value types of Falco's language, and the shape of a parameter's description. The field tables, the compiler's type check and the
// formatter are all written against these.

import type { EVENT_STRUCTS, EventShape } from './event-structs.ts';
import type { FlagTable } from './flags.ts';
import type { IMAGE } from './image.ts';
import type { MemberName } from './layout.ts';

/** Type names of Falco's documentation; they decide which operators and constants a field accepts. */
export const VALUE_TYPES = [
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'DOUBLE',
  'BOOL',
  'CHARBUF',
  'BYTEBUF',
  'FSPATH',
  'FSRELPATH',
  'ERRNO',
  'FD',
  'PID',
  'UID',
  'GID',
  'FLAGS8',
  'FLAGS16',
  'FLAGS32',
  'ENUMFLAGS8',
  'ENUMFLAGS16',
  'ENUMFLAGS32',
  'MODE',
  'SIGTYPE',
  'RELTIME',
  'ABSTIME',
  'PORT',
  'L4PROTO',
  'SOCKFAMILY',
  'SOCKADDR',
  'SOCKTUPLE',
  'FDLIST',
  'IPADDR',
  'IPNET',
  'DYN',
] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

type EventStruct = (typeof EVENT_STRUCTS)[EventShape];

/** A member of the event's record, of an array one element (`numbers[1]`), or a member of the process image (`image.comm`). */
export type MemberPath =
  | MemberName<EventStruct>
  | `${MemberName<EventStruct, 'u64'>}[${number}]`
  | `image.${MemberName<typeof IMAGE>}`;

/** A parameter of an event type, in the order of Falco's event table (`evt.arg[N]` counts from 0). */
export interface Parameter {
  readonly name: string;
  readonly type: ValueType;
  /** Absent when the capture can't supply it. */
  readonly member?: MemberPath;
  /** For a path: the member that has it as it was passed. */
  readonly passed?: MemberName<EventStruct, 'string'>;
  /** For a directory's descriptor: the member that has the directory's path. */
  readonly directory?: MemberName<EventStruct, 'string'>;
  /** An id that the process has after the call: its image has the name. */
  readonly becomesOwn?: true;
  /** For a list: without its first string. */
  readonly withoutFirst?: true;
  /** Name table for FLAGS and ENUMFLAGS (host/schema/flags.ts). */
  readonly flags?: FlagTable;
}
