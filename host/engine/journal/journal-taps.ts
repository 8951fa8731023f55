// What is kept of the events beside their evaluation: the journal, and captures by rules. Both need the log of process images.

import type { Capture } from '../../capture/native.ts';
import type { JournalUse } from '../../schema/journal.ts';
import type { Control } from '../messages/control.ts';
import type { JournalSink } from '../messages/journal-block.ts';
import { type JournalSource, JournalTap } from './journal-tap.ts';

export class JournalTaps {
  readonly journal: JournalTap;
  readonly captures: JournalTap;
  readonly #capture: Pick<Capture, 'takeImageLog'>;

  constructor(
    capture: JournalSource & Pick<Capture, 'takeImageLog'>,
    control: Pick<Control, 'keptBlocks'>,
    sinks: Readonly<Record<JournalUse, JournalSink>>,
  ) {
    this.#capture = capture;
    this.journal = new JournalTap(capture, 'journal', control, sinks.journal);
    this.captures = new JournalTap(capture, 'captures', control, sinks.captures);
  }

  /** Takes one batch: `segments` are the pairs of addresses returned by poll(). */
  batch(segments: Uint32Array, pairs: number): void {
    if (!this.journal.isOn && !this.captures.isOn) return;
    const log = this.#capture.takeImageLog();
    this.journal.batch(segments, pairs, log);
    this.captures.batch(segments, pairs, log);
  }

  /** The metadata of a container. */
  container(id: string, entry: Uint8Array): void {
    this.journal.container(id, entry);
    this.captures.container(id, entry);
  }

  /** Passes on all that is left, as the last. */
  end(): void {
    this.journal.end();
    this.captures.end();
  }
}
