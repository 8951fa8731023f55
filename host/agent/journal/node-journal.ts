// The journal of an agent: what it wants beside the rules, its store, and its failures, which are an alert once.

import type { BeforeEvents } from '../../captures/writer/active-capture.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Engine } from '../../engine/engine.ts';
import { withinTime } from '../../engine/host/within-time.ts';
import type { JournalBlock } from '../../engine/messages/journal-block.ts';
import { readPodRequests } from '../../journal/pod-request-log.ts';
import { RecentBlocks } from '../../journal/recent-blocks.ts';
import { ResponseLog, type ResponseRecord } from '../../journal/response-log.ts';
import { type JournalSettings, JournalStore, type JournalSummary } from '../../journal/store.ts';
import { JOURNAL_KINDS, type JournalKind, type JournalWants, journalWants } from '../../journal/wants.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';
import { droppedEvents, machineFacts } from './machine-facts.ts';
import { NodeRequests } from './node-requests.ts';

export const JOURNAL_RULE = 'Wasprey internal: journal failure';

/** A disk that does not answer holds nothing up at the end. */
const CLOSE_MS = 2_000;
/** Between two alerts, of failures that come and go. */
export const JOURNAL_ALERTS_APART_MS = 600_000;

export interface JournalOptions extends JournalSettings {
  readonly kinds: readonly JournalKind[];
}

/** Captures have what was before an alert from the journal. Where that is off, so much of it is in memory. */
const RECENT_BYTES = 16 << 20;

export interface NodeJournalHost {
  readonly engine: () => Engine | undefined;
  readonly desk: AlertDesk;
  readonly machine: string;
  /** Event types that are excluded from the capture. */
  readonly leftOut: ReadonlySet<string>;
  readonly onTrouble: (message: string) => void;
  readonly onNote: (message: string) => void;
  /** How much of it captures need, in ms; 0: nothing. */
  readonly recentMs: number;
}

export class NodeJournal {
  readonly #host: NodeJournalHost;
  #options: JournalOptions | undefined;
  #wants: JournalWants | undefined;
  #store: JournalStore | undefined;
  #responses: ResponseLog | undefined;
  #requests: NodeRequests | undefined;
  #recent: RecentBlocks | undefined;
  #alertedAt = Number.NEGATIVE_INFINITY;

  constructor(options: JournalOptions | undefined, host: NodeJournalHost) {
    this.#host = host;
    this.#use(options, 0);
  }

  /** Undefined while it is off. */
  get wants(): JournalWants | undefined {
    return this.#wants;
  }

  get summary(): JournalSummary | undefined {
    return this.#store?.summary;
  }

  /** Resolves when the worker may send another block. */
  take(block: JournalBlock): void | Promise<void> {
    return this.#store?.add(block) ?? this.#recent?.add(block);
  }

  /** Counts events that are in no block. */
  leftOut(events: number): void {
    this.#store?.leftOut(events);
  }

  /** Keeps what was done about an alert. */
  note(record: ResponseRecord): void {
    this.#responses?.add(record);
  }

  /** Requests to enter pods; undefined while the journal is off. */
  get requests(): NodeRequests | undefined {
    return this.#requests;
  }

  /** What earlier runs have kept of such requests. Nothing if it can't be read: sessions of before have no names then. */
  async keptRequests(): Promise<readonly object[]> {
    const folder = this.#options?.folder;
    return folder === undefined ? [] : readPodRequests(folder).catch(() => []);
  }

  /** Resolves when what was noted is written, if the disk answers in time. Never rejects. */
  async noted(): Promise<void> {
    await withinTime(Promise.all([this.#responses?.close(), this.#requests?.close()]), CLOSE_MS);
  }

  /** What it has since then, when all blocks so far are in. @param since ms since the epoch */
  async before(since: number): Promise<BeforeEvents> {
    if (this.#store) return { segments: await this.#store.recent(since) };
    const segments = (await this.#recent?.recent()) ?? [];
    return { segments: segments.map((blocks) => ({ blocks })) };
  }

  /**
   * Applies other options while events come; undefined: off. Bounds apply at once; with another folder or other events it begins anew. Calls must
   * not overlap.
   * @param recapture has what is wanted now captured
   */
  async set(options: JournalOptions | undefined, recapture: () => Promise<void>): Promise<void> {
    const before = this.#options;
    if (before && options && before.folder === options.folder && sameKinds(before.kinds, options.kinds)) {
      this.#options = options;
      this.#store?.setBounds(options);
      return;
    }
    if (before) {
      await this.#host.engine()?.setJournal(undefined);
      await this.close();
    }
    this.#use(options, Date.now());
    await recapture();
    if (this.#wants) await this.#host.engine()?.setJournal(this.#wants.selection);
  }

  /** Ends the segment, if the disk answers in time. Never rejects. */
  async close(): Promise<void> {
    if (this.#store) await withinTime(this.#store.close(), CLOSE_MS);
  }

  /** @param since requests of before are not in its folder: ms since the epoch */
  #use(options: JournalOptions | undefined, since: number): void {
    this.#options = options;
    const { leftOut, recentMs, engine } = this.#host;
    const kinds = options?.kinds ?? (recentMs > 0 ? JOURNAL_KINDS : undefined);
    this.#wants = kinds && journalWants(kinds, leftOut);
    this.#store = options && this.#makeStore(options);
    const onFailure = (error: unknown): void => this.#failed(options?.folder ?? '', error);
    this.#responses = options && new ResponseLog(options.folder, onFailure);
    this.#requests = options && new NodeRequests(options.folder, since, onFailure);
    this.#recent =
      options || recentMs === 0
        ? undefined
        : new RecentBlocks({ milliseconds: recentMs, mostBytes: RECENT_BYTES }, () => engine()?.beginSegment());
  }

  #makeStore(options: JournalOptions): JournalStore {
    const { engine, machine, onNote } = this.#host;
    const { eventTypes = [], kept } = this.#wants ?? {};
    return new JournalStore(options, {
      facts: () => ({ ...machineFacts(machine), eventTypes, ...(kept && { kept }) }),
      dropped: () => droppedEvents(engine()),
      beginSegment: () => engine()?.beginSegment(),
      onFailure: (error) => this.#failed(options.folder, error),
      onRecovery: (leftOut) =>
        onNote(`the journal is written to ${options.folder} again; ${leftOut} events are missing in it`),
    });
  }

  #failed(folder: string, error: unknown): void {
    const message = `the journal can't be written to ${folder}: ${reasonOf(error)}; what happens is not kept until it can`;
    this.#host.onTrouble(message);
    const now = performance.now();
    if (now - this.#alertedAt < JOURNAL_ALERTS_APART_MS) return;
    this.#alertedAt = now;
    this.#host.desk.internal(JOURNAL_RULE, 'Critical', `${JOURNAL_RULE}: ${message}`);
  }
}

function sameKinds(one: readonly JournalKind[], other: readonly JournalKind[]): boolean {
  return [...one].sort().join() === [...other].sort().join();
}
