// Names of signals.

import { FLAG_TABLES } from '../../schema/flags.ts';

const NAMES: ReadonlyMap<number, string> = new Map(FLAG_TABLES.signals.map(({ name, value }) => [value, name]));

/** `SIGKILL`; those of real time have no names. */
export function signalName(signal: number): string {
  return NAMES.get(signal) ?? `SIG${signal}`;
}
