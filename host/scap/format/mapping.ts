// How parameters of libs' events and members of records belong together, for reading and writing: by the names of parameters, which are
// Falco's in both, and the member that the schema gives a parameter.

import type { EventType } from '../../schema/events/event-type.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';
import { exitType, hasExitType, type ScapType } from './event-table.ts';
import {
  kernelDevice,
  kernelFlags,
  kernelOpenFlags,
  kernelPtraceRequest,
  libsFlags,
  libsOpenFlags,
  libsPtraceRequest,
  statDevice,
} from './numbers.ts';

/** A parameter whose value is that of a member of the record. */
export interface Mapped {
  /** Parameter of libs' event. */
  readonly parameter: string;
  readonly member: string;
  /** In an array: `numbers`. */
  readonly index: number;
  readonly kind: 'number' | 'text' | 'dynamic';
  readonly toKernel: (libs: bigint) => bigint;
  readonly toLibs: (kernel: bigint) => bigint;
}

export interface TypeMapping {
  readonly event: EventType;
  readonly scap: ScapType;
  readonly parameters: readonly Mapped[];
}

/** Members of the header, and those that derive from several parameters or from the image. */
const ELSEWHERE: ReadonlySet<string> = new Set(['result', 'fd', 'tid', 'passed_address', 'state']);

/** Names of paths that the reader completes, and the members that the kernel writes. */
const AS_PASSED: Readonly<Record<string, string>> = { name: 'raw', old_name: 'old_raw', new_name: 'new_raw' };

/** Events whose name is a connection, not a path. */
const SOCKETS: ReadonlySet<string> = new Set(['network']);

function mappingOf(event: EventType): TypeMapping {
  const scap = exitType(event.name);
  const own = new Set(scap.parameters.map(({ name }) => name));
  const parameters = event.parameters.flatMap(({ name, type, member, flags }): Mapped[] => {
    if (member === undefined || member.startsWith('image.') || ELSEWHERE.has(member) || !own.has(name)) return [];
    if (member === 'name' && SOCKETS.has(event.shape)) return [];
    const [, base = member, index = '0'] = /^(\w+)\[(\d)\]$/.exec(member) ?? [];
    const isText = /^(CHARBUF|FSPATH|FSRELPATH|BYTEBUF)$/.test(type);
    return [
      {
        parameter: name,
        member: AS_PASSED[base] ?? base,
        index: Number(index),
        kind: type === 'DYN' ? 'dynamic' : isText ? 'text' : 'number',
        ...conversion(event.name, base, flags),
      },
    ];
  });
  return { event, scap, parameters };
}

type Conversion = Pick<Mapped, 'toKernel' | 'toLibs'>;
const SAME: Conversion = { toKernel: (number) => number, toLibs: (number) => number };

function between(toKernel: (libs: number) => number, toLibs: (kernel: number) => number): Conversion {
  return {
    toKernel: (libs) => BigInt(toKernel(Number(libs))),
    toLibs: (kernel) => BigInt(toLibs(Number(BigInt.asUintN(32, kernel)))),
  };
}

function conversion(event: string, member: string, flags: EventType['parameters'][number]['flags']): Conversion {
  if (event === 'accept4' && member === 'call_flags') return conversion('', member, 'descriptor_flags');
  if (member === 'device') return between(kernelDevice, statDevice);
  switch (flags) {
    case 'file_flags':
      return between(kernelOpenFlags, libsOpenFlags);
    case 'ptrace_requests':
      return between(kernelPtraceRequest, libsPtraceRequest);
    case 'openat2_flags':
    case 'clone_flags':
    case 'descriptor_flags':
    case 'prot_flags':
    case 'mmap_flags':
      // Falco has userfaultfd's as they were passed.
      if (event === 'userfaultfd') return SAME;
      return between(
        (libs) => kernelFlags(flags, libs),
        (kernel) => libsFlags(flags, kernel),
      );
    default:
      return SAME;
  }
}

/** The types of this version that savefiles have, by name. */
export const MAPPINGS: ReadonlyMap<string, TypeMapping> = new Map(
  EVENT_TYPES.filter(({ name, parameters }) => parameters.length > 0 && hasExitType(name)).map((event) => [
    event.name,
    mappingOf(event),
  ]),
);

/** Types that savefiles have as a number of a system call alone. */
export const GENERIC_TYPES: readonly EventType[] = EVENT_TYPES.filter(({ name }) => !MAPPINGS.has(name));
