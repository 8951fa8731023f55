// The capture that a worker opens before the start message. The kernel's verifier takes long: it works while the host's thread still reads and
// verifies the rules.

import { type OpenCapture, openCapture } from '../../capture/open.ts';
import type { CaptureSettings } from '../messages/protocol.ts';

export class PreparedCapture {
  #prepared: { readonly settings: string; readonly opened: OpenCapture } | undefined;

  /** Loads the programs of these event types. What fails here fails again at the start, which reports it. */
  prepare(settings: CaptureSettings, eventTypes: readonly string[]): void {
    this.close();
    let opened: OpenCapture | undefined;
    try {
      opened = openCapture(settings);
      opened.capture.load(eventTypes);
      this.#prepared = { settings: textOf(settings), opened };
    } catch {
      opened?.capture.close();
    }
  }

  /** The prepared capture if it has these settings, else a new one. Throws CaptureError or HooksError. */
  take(settings: CaptureSettings): OpenCapture {
    const prepared = this.#prepared;
    if (prepared?.settings !== textOf(settings)) {
      this.close();
      return openCapture(settings);
    }
    this.#prepared = undefined;
    return prepared.opened;
  }

  close(): void {
    this.#prepared?.opened.capture.close();
    this.#prepared = undefined;
  }
}

function textOf({ source, object, sizes, hooks }: CaptureSettings): string {
  return JSON.stringify([source, object, sizes && Object.entries(sizes).sort(), hooks]);
}
