// The last moments of the journal in memory, where it is not kept on disk: for captures, which have what was before an alert.

import type { JournalBlock } from '../engine/messages/journal-block.ts';
import type { BlockInMemory } from '../recording/block.ts';
import { type PackedBlock, packBlock } from './segment.ts';

export interface RecentSettings {
  /** How far back it reaches at least, if the memory suffices. */
  readonly milliseconds: number;
  readonly mostBytes: number;
}

interface RecentSegment {
  /** Time of its beginning, by performance.now(): the wall clock may be set. */
  readonly began: number;
  readonly blocks: PackedBlock[];
  bytes: number;
}

export class RecentBlocks {
  readonly #settings: RecentSettings;
  readonly #beginSegment: () => void;
  readonly #segments: RecentSegment[] = [];
  #underWay: Promise<void> = Promise.resolve();
  #isAsked = false;

  /** @param beginSegment makes the worker begin a segment: only whole ones are dropped */
  constructor(settings: RecentSettings, beginSegment: () => void) {
    this.#settings = settings;
    this.#beginSegment = beginSegment;
  }

  /** Resolves when the block is packed. Never rejects. */
  add(block: JournalBlock): Promise<void> {
    this.#underWay = this.#underWay
      .then(async () => this.#take(block, await packBlock(block)))
      // Without memory to pack it, the segment ends here.
      .catch(() => this.#ask());
    return this.#underWay;
  }

  /** The packed blocks of each segment, oldest first, when all blocks so far are in. */
  async recent(): Promise<BlockInMemory[][]> {
    await this.#underWay;
    return this.#segments.map(({ blocks }) =>
      blocks.map(({ stored, payloadLength, eventsAt }) => ({ stored, payloadLength, eventsAt })),
    );
  }

  #take({ begins }: JournalBlock, packed: PackedBlock): void {
    const { milliseconds, mostBytes } = this.#settings;
    if (begins) {
      this.#isAsked = false;
      this.#segments.push({ began: performance.now(), blocks: [], bytes: 0 });
    }
    const segment = this.#segments.at(-1);
    if (!segment) return;
    segment.blocks.push(packed);
    segment.bytes += packed.stored.length;
    this.#dropOld(performance.now() - milliseconds, mostBytes);
    if (performance.now() - segment.began >= milliseconds || segment.bytes >= mostBytes / 2) this.#ask();
  }

  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#beginSegment();
  }

  #dropOld(since: number, mostBytes: number): void {
    const total = (): number => this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
    for (
      let [, second] = this.#segments;
      second && (second.began <= since || total() > mostBytes);
      [, second] = this.#segments
    ) {
      this.#segments.shift();
    }
    // A machine that fills it within one segment: what comes next has room again.
    if (total() > 2 * mostBytes) this.#segments.length = 0;
  }
}
