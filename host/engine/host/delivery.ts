// Delivers the worker's findings to the listener. The worker may send a limited number of some: these are acknowledged when the listener has taken them.

import type { JournalUse } from '../../schema/journal.ts';
import type { Control } from '../messages/control.ts';
import { EngineError } from '../messages/engine-error.ts';
import type { JournalBlock } from '../messages/journal-block.ts';
import type { Match } from '../messages/match.ts';
import type { FromWorker } from '../messages/protocol.ts';
import type { EngineListener } from './listener.ts';

/** Messages that change nothing of the engine itself. */
export type Finding = Extract<
  FromWorker,
  {
    readonly kind:
      | 'matches'
      | 'block'
      | 'kept'
      | 'left-out'
      | 'captures-failed'
      | 'container'
      | 'progress'
      | 'replayed'
      | 'containers'
      | 'sessions'
      | 'set-aside'
      | 'taken-back'
      | 'enforcing'
      | 'enforced-unmatched'
      | 'integrity';
  }
>;

export class Delivery {
  readonly #listener: EngineListener;
  readonly #control: Control;

  constructor(listener: EngineListener, control: Control) {
    this.#listener = listener;
    this.#control = control;
  }

  /** Calls the listener. */
  deliver(finding: Finding): void {
    switch (finding.kind) {
      case 'matches':
        void this.#matches(finding.matches);
        return;
      case 'block':
        try {
          this.#listener.onBlock?.(finding.block);
        } finally {
          this.#control.addBlocks(-1);
        }
        return;
      case 'kept':
        void this.#kept(finding.use, finding.block);
        return;
      case 'left-out':
        this.#listener.onLeftOut?.(finding.use, finding.events);
        return;
      case 'captures-failed':
        this.#listener.onCapturesFailed?.(new EngineError(finding.error));
        return;
      case 'container':
        this.#listener.onContainer?.(finding.id, finding.entry);
        return;
      case 'progress':
        this.#listener.onProgress?.(finding.share, finding.events);
        return;
      case 'replayed':
        this.#listener.onReplayed?.(finding.report);
        return;
      case 'containers':
        this.#listener.onContainers(finding.notices);
        return;
      case 'sessions':
        this.#listener.onSessions?.(finding.sessions);
        return;
      case 'set-aside':
        this.#listener.onSetAside(finding);
        return;
      case 'taken-back':
        this.#listener.onTakenBack(finding.generation, finding.module);
        return;
      case 'enforcing':
        this.#listener.onEnforcing?.(finding);
        return;
      case 'enforced-unmatched':
        this.#listener.onEnforcedUnmatched?.(finding.unmatched);
        return;
      case 'integrity':
        this.#listener.onIntegrity?.(finding.report);
        return;
    }
  }

  async #matches(matches: readonly Match[]): Promise<void> {
    try {
      await this.#listener.onMatches(matches);
    } finally {
      this.#control.addInFlight(-matches.length);
    }
  }

  async #kept(use: JournalUse, block: JournalBlock): Promise<void> {
    try {
      if (use === 'captures') this.#listener.onCaptured?.(block);
      else await this.#listener.onJournal?.(block);
    } finally {
      this.#control.addKeptBlocks(use, -1);
    }
  }
}
