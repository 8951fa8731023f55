// The value types of Falco's language and the shape of a field's description.
// The field tables (fields.ts), the compiler's type check and the formatter are all written against these.

import type { FlagTable } from './flags.ts';

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

/** The source of a field's value. The compiler and the formatter both resolve a field through this. */
export type FieldSource =
  /** A member of the event header, or of the fixed part of the event types that have it; absent on the others. */
  | { readonly from: 'event'; readonly member: string }
  /** A member of the process image, `hops` parents up (0 = the process itself). */
  | { readonly from: 'image'; readonly member: string; readonly hops?: number; readonly zeroIsAbsent?: true }
  /** `proc.aname[n]`: member of the n-th ancestor; without argument: of any ancestor from the first up. */
  | { readonly from: 'ancestor'; readonly member: string }
  /** A member of the container table entry of the process. */
  | { readonly from: 'container'; readonly member: string }
  /** A function of the same name in rules-wasm/fields/ (conditions) and host/fields/ (output). */
  | { readonly from: 'computed'; readonly name: string }
  /** `evt.arg.NAME`, `evt.arg[N]`, `evt.rawarg.NAME`: a parameter of the event type. */
  | { readonly from: 'argument'; readonly raw: boolean }
  /** Text formatted for output only (evt.args, evt.time...); a condition on it can't be evaluated on live events. */
  | { readonly from: 'rendered' }
  /** Read from the machine's files (/proc, passwd) while an alert is written, for output only. Absent in replays and after the process has exited. */
  | { readonly from: 'procfs' }
  /** The live capture can't supply it: always absent, and a rule that reads it gets a warning with the reason. */
  | { readonly from: 'none'; readonly why: string };

export interface Field {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  readonly source: FieldSource;
  /** `[x]` or, for evt.arg and the like, `.x`. Default none. */
  readonly argument?: 'optional' | 'required';
  /** The argument is a number (index), a free key, or either. */
  readonly argumentKind?: 'index' | 'key' | 'either';
  /** A list-typed field (fd.types): operators exists, in, intersects only. */
  readonly list?: true;
  readonly noTransformer?: true;
  /** May not stand right of an operator (val()). */
  readonly noRightSide?: true;
  /** Usable in conditions only (fd.ip). */
  readonly filterOnly?: true;
  /** Usable in output only. */
  readonly printOnly?: true;
  /** In Falco's tables only; neither filter nor output may use it. */
  readonly tableOnly?: true;
  readonly deprecated?: true;
}

/** A parameter of an event type, in the order of Falco's event table (`evt.arg[N]` counts from 0). */
export interface Parameter {
  readonly name: string;
  readonly type: ValueType;
  /** Member of the event's fixed part, `header.result`/`header.fd`, or an image member (`image.comm`); absent when the capture can't supply it. */
  readonly member?: string;
  /** Name table for FLAGS and ENUMFLAGS (host/schema/flags.ts). */
  readonly flags?: FlagTable;
}
