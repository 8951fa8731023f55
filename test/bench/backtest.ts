// What an event costs a backtest, by stage: a workload is recorded once and read again and again.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ruleReads } from '../../host/agent/alerts/alert-desk.ts';
import { startRecording } from '../../host/agent/record.ts';
import { openCapture } from '../../host/capture/open.ts';
import { REPLAY_SIZES } from '../../host/capture/sizes.ts';
import { evaluateHistory } from '../../host/journal/backtest/evaluate.ts';
import { findHistory, type HistoryFile } from '../../host/journal/history.ts';
import { type BlockReading, BlockReplay, readingInPlace } from '../../host/recording/block-replay.ts';
import { RecordingFile } from '../../host/recording/byte-source.ts';
import { type BlockTotals, type ReadBlock, RecordingReader } from '../../host/recording/reader.ts';
import { EVENT_TYPES } from '../../host/schema/events/index.ts';
import { BenchError, type Benchmark, type Figure, type Session } from './figure.ts';
import { MIX, startAgent } from './journal.ts';
import { startLoad } from './load.ts';
import { LOAD_CPU } from './processors.ts';
import { measuredRuleSets, measuredRules, oneRule } from './rule-sets.ts';
import { runScript } from './script.ts';

/** Seven days of 500 events a second. */
const WEEK = 302_000_000;
const AIM_SECONDS = 60;
/** Than 5,000 events a second. */
const FASTER = 4;
/** Of the workload, in a recording. */
const SCRIPTS = 10;
const READINGS = 5;

/** What the journal keeps besides opens, of which it keeps those for writing. */
const UNREAD = new Set(['open', 'openat', 'openat2', 'openat_e']);

const ALL = new Set(EVENT_TYPES.map(({ name }) => name));

export const BACKTEST: Benchmark = {
  name: 'backtest',
  summary:
    'rules on the past: reading, unpacking, replaying and evaluating a journal and recordings, CPU time of the whole process',
  async run(session) {
    const folder = mkdtempSync(join(tmpdir(), 'wasprey-bench-'));
    try {
      session.progress('keeping a journal');
      const journal = join(folder, 'journal');
      await keepJournal(journal, session);
      const figures = await measure('a journal of files, connections, programs', findHistory([journal]).files, session);
      const mixes = [
        ['all event types', [...ALL]],
        ['without opens', [...ALL].filter((name) => !UNREAD.has(name))],
      ] as const;
      for (const [name, types] of mixes) {
        session.progress(`recording, ${name}`);
        const path = join(folder, 'workload');
        await recordWorkload(path, types, session.quick ? 2 : SCRIPTS);
        figures.push(...(await measure(name, findHistory([path]).files, session)));
      }
      return figures;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function measure(mix: string, files: readonly HistoryFile[], session: Session): Promise<Figure[]> {
  const events = Array.from({ length: READINGS }, () => files).flat();
  const total = countEvents(events);
  const rounds = session.quick ? 3 : 7;
  const each = async (work: () => unknown): Promise<number[]> => {
    const samples: number[] = [];
    // The first round is warm-up.
    for (let round = 0; round <= rounds; round++) {
      const began = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(began);
      if (round > 0) samples.push(((user + system) * 1000) / total);
    }
    return samples;
  };
  session.progress(`reading, ${mix}`);
  const unpacking = await each(() => events.map((file) => readFile(file, () => NOTHING)));
  const checking = await each(() => events.map((file) => readFile(file, reading().read)));
  const processes = await each(() => events.map((file) => replayFile(file, new Set())));
  const completing = await each(() => events.map((file) => replayFile(file, ALL)));
  const [file] = files;
  const size = `${(file?.bytes ?? 0) / (total / READINGS)}`.slice(0, 4);
  const figures: Figure[] = [
    {
      what: `${mix}: reading and unpacking`,
      unit: 'ns',
      samples: unpacking,
      note: `${total / READINGS} events of ${size} bytes`,
    },
    { what: '  and checking', unit: 'ns', samples: checking },
    { what: '  and process images', unit: 'ns', samples: processes },
    { what: '  and completing all events', unit: 'ns', samples: completing },
  ];
  for (const { name, module } of [await oneRule(), ...(await measuredRuleSets())]) {
    session.progress(`${name}, ${mix}`);
    let matches = 0;
    const rules = {
      modules: [{ name, verified: module.verified, rules: module.rules.map(ruleReads) }],
      ruleMatching: 'first' as const,
    };
    const samples = await each(() => evaluateHistory(events, [{ rules, onMatch: () => matches++ }]));
    const fastest = (Math.min(...samples) * WEEK) / 1e9;
    figures.push({
      what: `  all of it, ${name}`,
      unit: 'ns',
      samples,
      aim: (AIM_SECONDS * 1e9) / WEEK,
      note: `${fastest.toFixed(0)} s for a week of 500 events/s; ${Math.round(matches / (rounds + 1))} matches`,
    });
  }
  return figures;
}

/** By an agent, as the mix of the journal's benchmark makes them, but several times as fast. */
async function keepJournal(folder: string, session: Session): Promise<void> {
  const { paths } = await measuredRules();
  const agent = await startAgent(paths, folder, session);
  try {
    const loads = MIX.map(([workload, rate]) =>
      startLoad(
        workload,
        {
          ...{ seconds: 0, rate: rate * FASTER, cpu: LOAD_CPU },
          ...(workload === 'files' && { path: dirname(folder) }),
        },
        () => {},
      ),
    );
    await sleep(session.quick ? 5_000 : 40_000);
    await Promise.all(loads.map((load) => load.stop()));
    await agent.drained();
  } finally {
    await agent.stop();
  }
}

async function recordWorkload(path: string, eventTypes: readonly string[], scripts: number): Promise<void> {
  const recording = await startRecording({ path, eventTypes, onEnd: () => {} });
  for (let script = 0; script < scripts; script++) await runScript();
  const { reason, file } = await recording.stop();
  if (reason || file.events === 0) throw new BenchError('the workload could not be recorded');
}

const NOTHING: BlockTotals = { events: 0, leftOut: 0 };

let inPlace: BlockReading | undefined;

function reading(): BlockReading {
  inPlace ??= readingInPlace();
  return inPlace;
}

/** @returns the events that were counted */
function readFile<Read extends BlockTotals>({ path }: HistoryFile, readBlock: ReadBlock<Read>): number {
  using file = new RecordingFile(path);
  const reader = new RecordingReader(file);
  for (const _ of reader.blocks(readBlock, reading().unpack));
  return reader.events;
}

function countEvents(files: readonly HistoryFile[]): number {
  return files.reduce((sum, file) => sum + readFile(file, reading().read), 0);
}

/** Puts all into the tables and the rings, and polls it, without rules. */
function replayFile({ path }: HistoryFile, types: ReadonlySet<string>): void {
  using file = new RecordingFile(path);
  const reader = new RecordingReader(file);
  const { capture } = openCapture({ source: 'builder', sizes: REPLAY_SIZES });
  try {
    const segments = new Uint32Array(2048);
    const images = new Uint32Array(4096);
    const replay = new BlockReplay(capture, types, () => {});
    capture.start([]);
    const { read, unpack } = reading();
    for (const block of reader.blocks(read, unpack)) {
      replay.begin(block);
      while (replay.feed()) {
        while (capture.poll(segments, 0) > 0) capture.release();
        while (capture.takeImages(images) > 0);
        capture.takeContainers();
      }
    }
  } finally {
    capture.close();
  }
}
