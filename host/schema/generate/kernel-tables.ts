// What BPF programs, the addon and the host must agree on in the tables by which the kernel filters and enforces, as C.

import { ENFORCED_FAMILIES } from '../events/effects.ts';
import { EXACT_PROCESSES } from '../kernel-enforcement.ts';
import {
  COMBINATION,
  FILTER_FAMILIES,
  FILTER_ROOM,
  LONGEST_BEGINNING,
  PATH_STATE,
  SOCKET_KINDS,
} from '../kernel-filter.ts';
import {
  ENFORCE_DEAD,
  ENFORCE_ROOM,
  ENFORCE_ROWS,
  ENFORCED_TEXTS,
  ENFORCEMENT,
  NEVER_TESTS,
  PERMIT,
} from '../tables/enforcement-tables.ts';
import { constants, declareStruct, declareTables } from './c-declarations.ts';
import { cTable } from './c-table.ts';
import { typeConstant } from './calls-header.ts';

/** Each name with its place in the list, in capitals. */
function numbered(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name, index) => [name.toUpperCase().replaceAll('-', '_'), index]));
}

/** Constants of the kernel filter: native/bpf/filter/filter_tables.h has the structs. */
export function filterConstants(): readonly string[] {
  return [
    constants('FILTER', { ...numbered(FILTER_FAMILIES), FAMILIES: FILTER_FAMILIES.length, ...FILTER_ROOM }),
    constants('COMBINATION', COMBINATION),
    constants('SOCKET_KIND', numbered(SOCKET_KINDS)),
    constants('STATE', PATH_STATE),
    constants('LONGEST', { BEGINNING: LONGEST_BEGINNING }),
  ];
}

function enforcedCalls(family: string, calls: readonly string[]): string {
  const rows = calls.map((call) => [call, typeConstant(call)]);
  return cTable(`WASPREY_ENFORCED_${family}`, 'CALL', 'call, event type', rows);
}

/** Declarations for rules that the kernel enforces, with the structs. */
export function enforcementDeclarations(): readonly string[] {
  return [
    constants('ENFORCE', ENFORCE_ROOM),
    constants('ENFORCE', { ...numbered(ENFORCED_TEXTS), TEXTS: ENFORCED_TEXTS.length }),
    constants('ENFORCE', { ...NEVER_TESTS, DEAD: ENFORCE_DEAD }),
    constants('ENFORCE', { ...numbered(EXACT_PROCESSES), PROCESS_KINDS: EXACT_PROCESSES.length }),
    constants('ENFORCE_PERMIT', PERMIT),
    enforcedCalls('OPENS', ENFORCED_FAMILIES.opens),
    enforcedCalls('REACHES', ENFORCED_FAMILIES.reaches),
    ...ENFORCE_ROWS.map((row) => declareStruct(row)),
    declareTables(ENFORCEMENT),
  ];
}
