// The system calls of one processor as a C header: which are reported, with their event types and programs.
// native/bpf/hooks.h includes the one that is built for.

import { type CallTable, callNumber } from '../events/call-numbers.ts';
import { CHANGING_CALLS } from '../events/changes.ts';
import type { EventProgram, EventType, ProcessChange } from '../events/event-type.ts';
import { EVENT_TYPES, findEventType } from '../events/index.ts';
import { type Cell, cTable } from './c-table.ts';

/** A processor, as BPF programs call it, and its tables of calls. */
interface Processor {
  readonly name: string;
  readonly native: CallTable;
  readonly compat: CallTable;
}

export const PROCESSORS: readonly Processor[] = [
  { name: 'x86', native: 'x86-64', compat: 'i386' },
  { name: 'arm64', native: 'arm64', compat: 'arm' },
];

const PROGRAMS: Readonly<Record<EventType['shape'], EventProgram>> = {
  open: 'on_open',
  exec: 'on_execve',
  descriptor: 'on_descriptor',
  network: 'on_socket',
  path: 'on_path',
  paths: 'on_paths',
  process: 'on_process',
};

/** The program that writes the records of a type. */
export function programOf(type: EventType): EventProgram {
  return type.program ?? PROGRAMS[type.shape];
}

/** The constant of a type. */
export function typeConstant(name: string): string {
  if (!findEventType(name)) throw new Error(`there is no event type ${name}`);
  return `EVENT_${name.toUpperCase()}`;
}

function callsOf(type: EventType): readonly string[] {
  return [type.name, ...(type.otherCalls ?? [])];
}

/** The calls with what they change in their process: those of event types, and others. */
const CHANGES: readonly { call: string; change: ProcessChange }[] = [
  ...EVENT_TYPES.flatMap((type) => (type.change ? [{ calls: callsOf(type), change: type.change }] : [])),
  ...CHANGING_CALLS,
].flatMap(({ calls, change }) => calls.map((call) => ({ call, change })));

function changeConstant(change: ProcessChange): string {
  return `CHANGE_${change.toUpperCase()}`;
}

/** Rows of calls with their numbers; those that the table lacks are left out. */
function numbered(table: CallTable, calls: readonly string[]): readonly [call: string, number: number][] {
  return calls.flatMap((call) => {
    const number = callNumber(call, table);
    return number === undefined ? [] : [[call, number] as [string, number]];
  });
}

function hooks(table: CallTable): readonly Cell[][] {
  return EVENT_TYPES.flatMap((type) =>
    numbered(table, callsOf(type)).map((call) => [typeConstant(type.name), ...call, programOf(type)]),
  );
}

function sisters(table: CallTable): readonly Cell[][] {
  return EVENT_TYPES.flatMap((type) =>
    (type.sisters ?? []).flatMap((sister) =>
      numbered(table, callsOf(type)).map(([, number]) => [
        typeConstant(sister),
        typeConstant(type.name),
        number,
        programOf(type),
      ]),
    ),
  );
}

/** A 32-bit call that has a twin with wider ids takes ids of 16 bits: a bit for each argument. `chown` and its kin have a file first. */
function shortIds(call: string, calls: readonly string[]): number {
  if (!calls.includes(`${call}32`)) return 0;
  return call.endsWith('chown') ? 0b110 : 0b111;
}

function compatCalls(table: CallTable): readonly Cell[][] {
  const kinds = new Map(CHANGES.map(({ call, change }) => [call, changeConstant(change)]));
  const reported = EVENT_TYPES.flatMap((type) =>
    callsOf(type).map((call) => ({ call, type: typeConstant(type.name) })),
  );
  const known = new Set(reported.map(({ call }) => call));
  const all = [
    ...reported,
    ...CHANGES.filter(({ call }) => !known.has(call)).map(({ call }) => ({ call, type: 'EVENT_NONE' })),
  ];
  const names = all.map(({ call }) => call);
  return all.flatMap(({ call, type }) =>
    numbered(table, [call]).map((row) => [...row, type, kinds.get(call) ?? 'CHANGE_NONE', shortIds(call, names)]),
  );
}

/** The text of native/generated/calls_PROCESSOR.h. */
export function callsHeader({ name, native, compat }: Processor): string {
  const guard = `WASPREY_CALLS_${name.toUpperCase()}_H`;
  const changes = CHANGES.flatMap(({ call, change }) =>
    numbered(native, [call]).map((row) => [changeConstant(change), ...row]),
  );
  return `${[
    '/* Generated from host/schema by `npm run schema`. Do not edit. */',
    `#ifndef ${guard}\n#define ${guard}`,
    `/* System calls of ${native}, and the 32-bit ones of ${compat}. */`,
    cTable('WASPREY_HOOKS', 'HOOK', 'event type, system call, its number, program', hooks(native)),
    cTable('WASPREY_SISTERS', 'SISTER', 'event type, type of the call, its number, program', sisters(native)),
    cTable('WASPREY_CHANGES', 'CHANGE', 'kind, system call, its number', changes),
    cTable(
      'WASPREY_COMPAT_CALLS',
      'CALL',
      '32-bit call, its number, event type, change, arguments that are ids of 16 bits',
      compatCalls(compat),
    ),
    '#endif',
  ].join('\n\n')}\n`;
}
