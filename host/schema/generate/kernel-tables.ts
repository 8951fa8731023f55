// What BPF programs, the addon and the host must agree on in the tables by which the kernel filters, as C.

import {
  COMBINATION,
  FILTER_FAMILIES,
  FILTER_ROOM,
  LONGEST_BEGINNING,
  PATH_STATE,
  SOCKET_KINDS,
} from '../kernel-filter.ts';
import { constants } from './c-declarations.ts';

/** Each name with its place in the list, in capitals. */
function numbered(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name, index) => [name.toUpperCase().replaceAll('-', '_'), index]));
}

/** Of the kernel filter: native/bpf/filter/filter_tables.h has the structs. */
export function filterConstants(): readonly string[] {
  return [
    constants('FILTER', { ...numbered(FILTER_FAMILIES), FAMILIES: FILTER_FAMILIES.length, ...FILTER_ROOM }),
    constants('COMBINATION', COMBINATION),
    constants('SOCKET_KIND', numbered(SOCKET_KINDS)),
    constants('STATE', PATH_STATE),
    constants('LONGEST', { BEGINNING: LONGEST_BEGINNING }),
  ];
}
