// The messages of the host to the worker, handled between two batches.

import { encodeNameTable } from '../../capture/name-table.ts';
import type { Capture } from '../../capture/native.ts';
import { storeContainer } from '../../capture/store-container.ts';
import type { AddressNames } from '../../fields/address-names.ts';
import type { Recorder } from '../../recording/recorder.ts';
import type { JournalTaps } from '../journal/journal-taps.ts';
import type { Hold } from '../matches/hold.ts';
import type { Control } from '../messages/control.ts';
import type { FromWorker, ToWorker } from '../messages/protocol.ts';
import type { RuleSetStart } from '../messages/rule-set-start.ts';
import type { DueGarbage } from './due-garbage.ts';
import type { KernelEnforcer } from './kernel-enforcer.ts';
import type { WideCapture } from './wide-capture.ts';

export interface MessageParts {
  readonly capture: Capture;
  /** Source `bpf` only. */
  readonly enforcer?: KernelEnforcer;
  readonly control: Control;
  readonly names: AddressNames;
  readonly recorder?: Recorder;
  readonly taps?: JournalTaps;
  /** The next message of the host, if any. */
  readonly receive: () => ToWorker | undefined;
  readonly send: (message: FromWorker) => void;
}

/** What messages change besides. */
interface Targets {
  readonly hold: Hold;
  readonly wide: WideCapture | undefined;
  readonly garbage: DueGarbage;
  readonly replace: (rules: RuleSetStart) => void;
}

export class HostMessages {
  readonly #parts: MessageParts;
  readonly #targets: Targets;
  #seen = 0;

  constructor(parts: MessageParts, targets: Targets) {
    this.#parts = parts;
    this.#targets = targets;
  }

  /** Handles those that have come since the last call, if there are any. */
  takeAnnounced(): void {
    if (this.#parts.control.announced !== this.#seen) this.take();
  }

  take(): void {
    const { control, receive } = this.#parts;
    // Read this first: a message that arrives meanwhile is seen in the next round at the latest.
    this.#seen = control.announced;
    for (let message = receive(); message; message = receive()) this.#handle(message);
  }

  #handle(message: ToWorker): void {
    const { capture, taps, names, send } = this.#parts;
    const { wide, garbage, replace } = this.#targets;
    switch (message.kind) {
      case 'container':
        this.#setContainer(message.id, message.entry);
        break;
      case 'replace':
        replace(message.rules);
        break;
      case 'names':
        capture.setNames(encodeNameTable(message.addresses));
        names.replace(message.addresses);
        break;
      case 'journal':
        taps?.journal.select(message.selection);
        send({ kind: 'journal-set' });
        break;
      case 'captures':
        wide?.set(message.scopes);
        send({ kind: 'captures-set' });
        break;
      case 'begin-segment':
        taps?.journal.beginSegment();
        break;
      case 'trim':
        garbage.add('all');
        break;
    }
  }

  #setContainer(id: string, entry: Uint8Array): void {
    const { capture, enforcer, taps, recorder } = this.#parts;
    recorder?.container(id, entry);
    taps?.container(id, entry);
    if (!storeContainer(capture, id, entry)) {
      this.#targets.hold.lost(id);
      return;
    }
    enforcer?.containerKnown();
    this.#targets.hold.known(id, entry);
  }
}
