// engine.wasprey.bpf_stats: the kernel measures BPF programs as long as this process lives.

import { loadAddon } from '../capture/addon.ts';
import type { CaptureError } from '../capture/native.ts';

/** @param warn called with the reason if it fails; the run continues without */
export function measureBpfPrograms(warn: (message: string) => void): void {
  try {
    loadAddon().measurePrograms();
  } catch (error) {
    const { message, detail } = error as CaptureError;
    const why = detail === undefined ? message : `${message}: ${detail}`;
    warn(
      `engine.wasprey.bpf_stats has no effect: ${why}. It needs CAP_SYS_ADMIN; \`sysctl kernel.bpf_stats_enabled=1\` does the same`,
    );
  }
}
