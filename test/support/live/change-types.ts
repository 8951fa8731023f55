// Other event types for a capture that runs.

import type { Capture } from '../../../host/capture/native.ts';
import { until } from '../until.ts';

/** Resolves when the programs of these types are attached, and those of no others. */
export async function changeTypes(capture: Capture, types: readonly string[]): Promise<void> {
  capture.beginChange(types);
  await until(() => capture.isChanged());
}
