// Numbers that conditions see in another encoding than the record has them in.

import { call, cast, type Value } from '../ir/value.ts';

/** A device, from the kernel's internal encoding (major << 20 | minor) to that of stat(2): i64. */
export function statDevice(device: Value): Value {
  return call('statDevice', cast('u32', device));
}
