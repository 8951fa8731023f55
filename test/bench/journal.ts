// The journal: what keeping 5,000 events a second takes of a processor and of a disk, and what it adds to calls.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findHistory } from '../../host/journal/history.ts';
import { RecordingFile } from '../../host/recording/byte-source.ts';
import { RecordingReader } from '../../host/recording/reader.ts';
import { AgentProcess } from './agent-process.ts';
import { BenchError, type Benchmark, type Figure, type Session } from './figure.ts';
import { runLoad, startLoad, type Workload } from './load.ts';
import { AFTER_START_MS } from './measured-process.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules } from './rule-sets.ts';
import { interleavedPairs, median } from './statistics.ts';

/** Calls a second, which make about 5,000 events together: three each of files, two of connections, three of programs. */
export const MIX: readonly (readonly [workload: Workload, rate: number])[] = [
  ['files', 1400],
  ['connect', 200],
  ['exec', 130],
];
const CALLS: readonly (readonly [workload: Exclude<Workload, 'mark'>, what: string])[] = [
  ['open', 'open + close, which it does not keep'],
  ['files', 'make + rename + unlink of a file'],
  ['exec', 'fork + exec + wait'],
  ['connect', 'connect + accept + close'],
];
const SECONDS = 20;

export const JOURNAL: Benchmark = {
  name: 'journal',
  summary: 'the journal beside the rules: processor, disk, and what it adds to calls, each beside the same without',
  async run(session) {
    requireTwoProcessors();
    const { paths } = await measuredRules();
    // Not in memory: that would take less.
    const folder = mkdtempSync('/var/tmp/wasprey-bench-');
    try {
      return [...(await keeping(paths, folder, session)), ...(await adding(paths, folder, session))];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** @param folder of its journal; undefined: it has none */
export function startAgent(
  rules: readonly string[],
  folder: string | undefined,
  { run }: Session,
): Promise<AgentProcess> {
  const journal = folder === undefined ? [] : ['-o', 'journal.enabled=true', '-o', `journal.folder=${folder}`];
  return AgentProcess.start({ rules, cpu: AGENT_CPU, run: [...run, ...journal] });
}

/** Of a processor, in percent, while the mix runs. */
async function mixed(agent: AgentProcess, seconds: number, folder: string): Promise<number> {
  const loads = MIX.map(([workload, rate]) =>
    startLoad(workload, { seconds: 0, rate, cpu: LOAD_CPU, ...(workload === 'files' && { path: folder }) }, () => {}),
  );
  await sleep(AFTER_START_MS);
  const [before, began] = [agent.cpuTime(), performance.now()];
  await sleep(seconds * 1000);
  const used = (agent.cpuTime().total - before.total) / 1e6 / (performance.now() - began);
  await Promise.all(loads.map((load) => load.stop()));
  await agent.drained();
  return 100 * used;
}

async function keeping(rules: readonly string[], folder: string, session: Session): Promise<Figure[]> {
  const [rounds, seconds] = session.quick ? [1, 6] : [5, SECONDS];
  const [on, off, sizes, rates]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 1; round <= rounds; round++) {
    session.progress(`5,000 events a second, round ${round} of ${rounds}`);
    const place = join(folder, `round-${round}`);
    for (const journal of [undefined, place]) {
      const agent = await startAgent(rules, journal, session);
      try {
        (journal === undefined ? off : on).push(await mixed(agent, seconds, folder));
      } finally {
        await agent.stop();
      }
    }
    const { bytes, events } = totals(place);
    sizes.push(bytes / events);
    rates.push(events / (seconds + AFTER_START_MS / 1000));
  }
  const note = `${median(rates).toFixed(0)} events a second; ${median(off).toFixed(1)} -> ${median(on).toFixed(1)} %`;
  const samples = on.map((used, round) => used - (off[round] ?? 0));
  return [
    { what: 'of a processor, beside the same without', unit: '%', samples, aim: 3, note },
    { what: 'on disk, an event', unit: 'B', samples: sizes, aim: 16, note: 'process images and index included' },
  ];
}

function totals(folder: string): { bytes: number; events: number } {
  let [bytes, events] = [0, 0];
  for (const file of findHistory([folder]).files) {
    using source = new RecordingFile(file.path);
    for (const payload of new RecordingReader(source).payloads()) events += payload.events;
    bytes += file.bytes;
  }
  if (events === 0) throw new BenchError('the journal is empty');
  return { bytes, events };
}

async function adding(rules: readonly string[], folder: string, session: Session): Promise<Figure[]> {
  const off = new Map(CALLS.map(([workload]): [typeof workload, number[]] => [workload, []]));
  const on = new Map(CALLS.map(([workload]): [typeof workload, number[]] => [workload, []]));
  const seconds = session.quick ? 0.3 : 0.7;
  const measure = async (into: typeof off, journal: string | undefined): Promise<void> => {
    const agent = await startAgent(rules, journal, session);
    try {
      for (const [workload, samples] of into) {
        const path = workload === 'files' ? { path: folder } : {};
        const { calls, cpuNs } = await runLoad(workload, { seconds, cpu: LOAD_CPU, ...path });
        samples.push(cpuNs / calls);
      }
    } finally {
      await agent.stop();
    }
  };
  await measure(off, undefined);
  const rounds = session.quick ? 2 : 7;
  for (let round = 1; round <= rounds; round++) {
    session.progress(`calls, round ${round} of ${rounds}`);
    await measure(on, join(folder, 'calls'));
    await measure(off, undefined);
  }
  return CALLS.map(([workload, what]): Figure => {
    const [without = [], kept = []] = [off.get(workload), on.get(workload)];
    const samples = interleavedPairs(without, kept).map((pair) => (pair.with / pair.without - 1) * 100);
    return { what, unit: '+%', samples, note: `${median(without).toFixed(0)} -> ${median(kept).toFixed(0)} ns` };
  });
}
