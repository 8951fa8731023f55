// What each BPF program of the agent takes for a workload, by the kernel's statistics of programs. They count what follows
// a tail call as part of the program before it: all programs of system calls are in `on_call`.

import { execFileSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { loadAddon } from '../../host/capture/addon.ts';
import { AgentProcess } from './agent-process.ts';
import { builtProgram } from './built-program.ts';
import { BenchError, type Benchmark, type Figure, type Session } from './figure.ts';
import { type LoadOptions, runLoad, type Workload } from './load.ts';
import { OpenedFiles } from './opened-files.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { ProgramRunsReader } from './program-runs.ts';
import { measuredRules } from './rule-sets.ts';
import { median } from './statistics.ts';

interface Work {
  readonly what: string;
  readonly workload: Exclude<Workload, 'mark'>;
  readonly path?: string;
  readonly aim?: number;
}

/** More than are remembered (native/bpf/filter/remembered.h): a build or `find` opens names that are not. */
const NAMES = 2000;

/** A program that does not run in one of so many turns of a workload runs for other processes. */
const SELDOM = 10;

/** Of a program, in one turn of a workload. */
interface Sample {
  readonly runs: number;
  readonly ns: number;
}

export const PROGRAMS: Benchmark = {
  name: 'programs',
  summary: "time of each BPF program by workload, by the kernel's statistics, net of their own cost",
  async run(session) {
    requireTwoProcessors();
    const { paths } = await measuredRules();
    const files = new OpenedFiles();
    const statistics = loadAddon().measurePrograms();
    const agent = await AgentProcess.start({ rules: paths, cpu: AGENT_CPU, run: session.run });
    try {
      return await measure(new ProgramRunsReader(agent.pid), worksOn(files), session);
    } finally {
      await agent.stop();
      closeSync(statistics);
      files.remove();
    }
  },
};

/** The first are calls that no rule is about. */
function worksOn(files: OpenedFiles): readonly Work[] {
  return [
    { what: 'getppid', workload: 'untraced' },
    { what: 'open + close, /tmp', workload: 'open', path: files.near, aim: 120 },
    { what: 'open + close, 5 components deep', workload: 'open', path: files.deep, aim: 120 },
    { what: 'open + close, below /etc', workload: 'open', path: '/etc/hostname', aim: 120 },
    { what: `open + close, ${NAMES} names in turn`, workload: 'names', path: files.many(NAMES), aim: 120 },
    { what: 'open + close, 144 bytes of path', workload: 'open', path: files.ofContainer, aim: 120 },
    { what: 'open of a missing file', workload: 'missing', aim: 120 },
    { what: 'pipe write + read', workload: 'pipe' },
    { what: 'connect + accept', workload: 'connect' },
    { what: 'fork + exec + wait', workload: 'exec' },
  ];
}

async function measure(reader: ProgramRunsReader, works: readonly Work[], session: Session): Promise<Figure[]> {
  const rounds = session.quick ? 2 : 7;
  const empty: number[] = [];
  const samples = new Map(works.map((work) => [work, new Map<string, Sample[]>()]));
  for (let round = 1; round <= rounds; round++) {
    session.progress(`round ${round} of ${rounds}`);
    const own = emptyProgram();
    empty.push(own);
    for (const [work, programs] of samples) {
      for (const [name, sample] of await sampleOf(reader, work, own, session)) {
        programs.set(name, [...(programs.get(name) ?? []), sample]);
      }
    }
  }
  const [first] = samples.values();
  const untraced = perRun(first?.get('on_call') ?? []);
  return [
    { what: 'statistics of a program, subtracted below', unit: 'ns', samples: empty },
    ...[...samples].flatMap(([work, programs]) => figuresOf(work, programs, untraced)),
  ];
}

/** A turn of the workload, by program. */
async function sampleOf(
  reader: ProgramRunsReader,
  { workload, path }: Work,
  own: number,
  { quick }: Session,
): Promise<[string, Sample][]> {
  const options: LoadOptions = { seconds: quick ? 0.3 : 0.7, cpu: LOAD_CPU, ...(path !== undefined && { path }) };
  const before = reader.read();
  const { calls } = await runLoad(workload, options);
  const after = reader.read();
  return [...after].map(([name, { runs, ns }]): [string, Sample] => {
    const known = before.get(name) ?? { runs: 0, ns: 0 };
    const added = runs - known.runs;
    return [name, { runs: added / calls, ns: (ns - known.ns - added * own) / calls }];
  });
}

function perRun(samples: readonly Sample[]): number {
  return median(samples.map(({ runs, ns }) => ns / runs));
}

/** A row for each program; for opens another for what `on_open` takes: all but what `on_call` takes for any call. */
function figuresOf({ what, workload, aim }: Work, programs: ReadonlyMap<string, Sample[]>, untraced: number): Figure[] {
  const figures: Figure[] = [];
  for (const [name, samples] of programs) {
    const runs = median(samples.map((sample) => sample.runs));
    if (runs < 1 / SELDOM) continue;
    figures.push({
      what: `${what}: ${name}`,
      unit: 'ns',
      samples: samples.map(({ ns }) => ns),
      note: `${runs.toFixed(1)} runs`,
    });
    if (name === 'on_call' && aim !== undefined) {
      const opens = samples.map((sample) => sample.ns - sample.runs * untraced);
      figures.push({ what: '  of it on_open', unit: 'ns', samples: opens, aim });
    }
  }
  if (figures.length === 0) throw new BenchError(`no program has run for ${workload}`);
  return figures;
}

/** ns that the statistics have for a run of a program that does nothing. */
function emptyProgram(): number {
  return Number(execFileSync(builtProgram('empty-program.c', 'empty-program'), { encoding: 'utf8' }));
}
