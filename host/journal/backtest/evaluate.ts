// Evaluates sets of rules on a history as fast as it is read: each block is unpacked once, whatever number of sets there is.

import type { ModuleStart } from '../../engine/messages/rule-set-start.ts';
import { useAccounts } from '../../fields/account-names.ts';
import { type BlockReading, readingInPlace } from '../../recording/block-replay.ts';
import { ifThere, REMOVED, RecordingFile } from '../../recording/byte-source.ts';
import { RecordingReader } from '../../recording/reader.ts';
import type { HistoryFile } from '../history.ts';
import { Lane, type LaneMatch, type LaneRules } from './lane.ts';
import { segmentWithout } from './segment-without.ts';

/** How long blocks are evaluated before signals and the progress get their turn. */
const TURN_MS = 50;
/** Blocks of the next recording: a block takes about a second, and events wait for two. */
const MOST_BLOCKS_AHEAD = 8;

/** A match, and where its event is. */
export interface HistoryMatch extends LaneMatch {
  /** Number of the file in the history. */
  readonly file: number;
}

/** A set of rules, and who gets its matches. */
export interface Trial {
  readonly rules: LaneRules;
  readonly onMatch: (match: HistoryMatch) => void;
}

export interface EvaluationOptions {
  /** Called now and then, with the share of the history that was read: 0 to 1. */
  readonly onProgress?: (share: number, events: number) => void;
  /** Called after each block, with its last recorded time in ms since the start of its machine. */
  readonly onBlock?: (file: number, milliseconds: number) => void;
  /** Called with the payload of each block before it is evaluated; may change bytes of its texts. */
  readonly onPayload?: (payload: Uint8Array) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

export interface FileDamage {
  readonly path: string;
  readonly reason: string;
}

export interface HistoryReport {
  readonly events: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Events of types that this version does not have. */
  readonly leftOut: number;
  /** Events that were lost when they were recorded. */
  readonly lost: number;
  readonly damage: readonly FileDamage[];
  /** Modules that failed, with the reason: their figures are incomplete. */
  readonly setAside: ReadonlyMap<string, string>;
  /** It was stopped before the end. */
  readonly isPartial: boolean;
}

/** Throws the errors of open() but for a file that is gone meanwhile, and RecordingError. */
export async function evaluateHistory(
  files: readonly HistoryFile[],
  trials: readonly Trial[],
  { onProgress, onBlock, onPayload, signal }: EvaluationOptions = {},
): Promise<HistoryReport> {
  const began = performance.now();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const damage: FileDamage[] = [];
  const setAside = new Map<string, string>();
  const reading = readingInPlace();
  const wanted = new Set(trials.flatMap(({ rules }) => rules.modules.flatMap(typesOf)));
  let [events, leftOut, lost, bytesBefore] = [0, 0, 0, 0];
  let turnEnds = performance.now() + TURN_MS;
  for (const [index, { path, bytes: size }] of files.entries()) {
    if (signal?.aborted) break;
    // What an agent adds meanwhile is left out: another reading of the same history finds the same.
    using file = ifThere(() => new RecordingFile(path, size));
    if (!file) {
      damage.push({ path, reason: REMOVED });
      bytesBefore += size;
      continue;
    }
    const without = segmentWithout(file, wanted);
    if (without) {
      events += without.events;
      lost += without.dropped;
      bytesBefore += size;
      onProgress?.(bytesBefore / Math.max(bytes, 1), events);
      continue;
    }
    const reader = new RecordingReader(file);
    useAccounts(reader.facts.users, reader.facts.groups);
    using lanes = new DisposableStack();
    const running = trials.map(({ rules, onMatch }) =>
      lanes.use(
        new Lane(rules, reader.facts, {
          onMatch: (match) => onMatch({ ...match, file: index }),
          onSetAside: (module, reason) => setAside.set(module, reason),
        }),
      ),
    );
    for (const block of reader.blocks(reading.read, reading.unpack)) {
      onPayload?.(block.bytes);
      for (const lane of running) lane.evaluate(block);
      onBlock?.(index, running[0]?.milliseconds ?? 0);
      if (performance.now() < turnEnds) continue;
      onProgress?.((bytesBefore + reader.position) / Math.max(bytes, 1), events + reader.events);
      await new Promise((resolve) => setImmediate(resolve));
      turnEnds = performance.now() + TURN_MS;
      if (signal?.aborted) break;
    }
    const waiting = running.filter((lane) => lane.finish());
    const next = files[index + 1];
    if (waiting.length > 0 && next) lookAhead(next, waiting, reading, onPayload);
    for (const lane of running) lane.end();
    events += reader.events;
    leftOut += reader.leftOut;
    lost += reader.end?.dropped ?? 0;
    bytesBefore += size;
    const found = reader.damage.filter(({ isCutOff }) => !isCutOff);
    for (const { reason } of found) damage.push({ path, reason });
    for (const reason of new Set(running.flatMap((lane) => lane.damage))) damage.push({ path, reason });
  }
  const seconds = (performance.now() - began) / 1000;
  return { events, bytes: bytesBefore, seconds, leftOut, lost, damage, setAside, isPartial: signal?.aborted ?? false };
}

function typesOf({ rules }: ModuleStart): readonly string[] {
  return rules.flatMap(({ eventTypes }) => eventTypes);
}

/** Lets events at the end of a recording wait for the metadata of their container, which is in the next one. */
function lookAhead(
  { path, bytes }: HistoryFile,
  lanes: readonly Lane[],
  { read, unpack }: BlockReading,
  onPayload: EvaluationOptions['onPayload'],
): void {
  using file = ifThere(() => new RecordingFile(path, bytes));
  if (!file) return;
  let waiting = lanes;
  let blocks = 0;
  for (const block of new RecordingReader(file).blocks(read, unpack)) {
    onPayload?.(block.bytes);
    waiting = waiting.filter((lane) => lane.lookAhead(block));
    if (waiting.length === 0 || ++blocks === MOST_BLOCKS_AHEAD) return;
  }
}
