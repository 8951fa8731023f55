// The capabilities of a process, from /proc/PID/status.

import { CAPABILITIES } from '../schema/flags.ts';

/** Names of the effective ones, such as `CAP_SYS_ADMIN`. */
export function capabilitiesOf(status: string): ReadonlySet<string> {
  const bits = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return new Set(CAPABILITIES.filter((_, number) => (bits >> BigInt(number)) & 1n));
}
