// The settings of captures by rules, from the configuration.

import type { CaptureSettings } from '../captures/captures.ts';
import type { Configuration } from '../config/definition.ts';
import { MEGABYTE } from '../diagnostics/numbers.ts';

/** Undefined if they are off. */
export function captureSettings({ capture }: Configuration): CaptureSettings | undefined {
  if (!capture.enabled) return undefined;
  const { max_file_size_mb: megabytes, max_total_size: totalBytes } = capture;
  return {
    pathPrefix: capture.path_prefix,
    mode: capture.mode,
    duration: capture.default_duration,
    before: capture.before,
    scope: capture.scope,
    state: capture.state,
    fileBytes: megabytes === 0 ? totalBytes : Math.min(megabytes * MEGABYTE, totalBytes),
    totalBytes,
    perRule: capture.max_per_rule,
  };
}
