// Where the events of the source are kept, if they are: in the journal's folder, which may change while they come.

import type { KeepsEvents } from '../../audit/live/evaluation.ts';
import { withinTime } from '../../engine/host/within-time.ts';
import { AuditStore, type AuditStoreSettings, type KeptEventsSummary } from '../../journal/audit/audit-store.ts';

/** A disk that does not answer holds nothing up. */
const CLOSE_MS = 2_000;

export class KeptEvents {
  readonly #onFailure: (message: string) => void;
  #store: AuditStore | undefined;

  /** @param onFailure called with a message for people, once when they can't be kept any more */
  constructor(settings: AuditStoreSettings | undefined, onFailure: (message: string) => void) {
    this.#onFailure = onFailure;
    this.#store = settings && this.#make(settings);
  }

  /** Undefined while they are not kept. */
  get keep(): KeepsEvents | undefined {
    return this.#store;
  }

  get summary(): KeptEventsSummary | undefined {
    return this.#store?.summary;
  }

  /** @returns whether what `keep` is has changed */
  use(settings: AuditStoreSettings | undefined): boolean {
    const before = this.#store;
    if (before && settings?.folder === before.summary.folder) {
      before.setBounds(settings);
      return false;
    }
    this.#store = settings && this.#make(settings);
    void before?.close();
    return before !== this.#store;
  }

  async close(): Promise<void> {
    if (this.#store) await withinTime(this.#store.close(), CLOSE_MS);
  }

  #make(settings: AuditStoreSettings): AuditStore {
    return new AuditStore(settings, (reason) =>
      this.#onFailure(`audit events can't be kept in ${settings.folder}: ${reason}; they are evaluated all the same`),
    );
  }
}
