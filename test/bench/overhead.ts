// What the agent adds to a system call, to the process that makes it: the same loop with and without, by turns.

import { lackOfFexit } from '../../host/capture/hooks.ts';
import { agentSide, type Side, sides } from './falco.ts';
import { FALCO } from './falco-figures.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { type LoadOptions, runLoad, type Workload } from './load.ts';
import { OpenedFiles } from './opened-files.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules } from './rule-sets.ts';
import { median } from './statistics.ts';

interface Call {
  readonly workload: Exclude<Workload, 'mark'>;
  readonly what: string;
  readonly path?: string;
  readonly unit: '+ns' | '+%';
  readonly aim?: number;
  /** With hooks on the exits of the calls that rules need. */
  readonly aimByFexit?: number;
  readonly falco?: Figure['falco'];
}

function callsOf({ near, deep }: OpenedFiles): readonly Call[] {
  const { addedTo } = FALCO;
  const untraced = { workload: 'untraced', what: 'untraced syscall (getppid)', unit: '+ns' } as const;
  const open = { workload: 'open', unit: '+%' } as const;
  return [
    { ...untraced, aim: 114, aimByFexit: 0, falco: addedTo.getppid },
    { ...open, what: 'open + close, /tmp', path: near, aim: 15, aimByFexit: 10, falco: addedTo.openNear },
    { ...open, what: 'open + close, 5 components deep', path: deep, aim: 15, aimByFexit: 15, falco: addedTo.openDeep },
    { ...open, what: 'open + close, below /etc', aim: 18, aimByFexit: 18, falco: addedTo.openBelowEtc },
    { workload: 'missing', what: 'open of a missing file', unit: '+%' },
    { workload: 'pipe', what: 'pipe write + read', unit: '+%', aimByFexit: 0, falco: addedTo.pipe },
    { workload: 'exec', what: 'fork + exec + wait', unit: '+%', aim: 2, aimByFexit: 2, falco: addedTo.exec },
    {
      workload: 'connect',
      what: 'connect + accept + close',
      unit: '+%',
      aim: 3,
      aimByFexit: 3,
      falco: addedTo.connect,
    },
  ];
}

/** What is measured in turn: an agent as it is by default, one by fexit, Falco. */
type Kind = 'agent' | 'fexit' | 'falco';

export const OVERHEAD: Benchmark = {
  name: 'overhead',
  summary: 'time of system calls with and without the agent; `--hooks fexit`: also with hooks on exits of single calls',
  async run(session) {
    requireTwoProcessors();
    const { paths } = await measuredRules();
    const lack = session.fexit ? lackOfFexit() : undefined;
    const all: readonly Side<Kind>[] = [
      ...sides(session),
      ...(session.fexit && lack === undefined
        ? [agentSide('fexit', [...session.run, '-o', 'engine.wasprey.hooks=fexit'])]
        : []),
    ];
    const files = new OpenedFiles();
    try {
      const calls = callsOf(files);
      const rounds = await measureRounds(calls, all, paths, session);
      return calls.flatMap((call) => [
        figureOf(call, rounds),
        ...(session.fexit ? [figureByFexit(call, rounds, lack)] : []),
      ]);
    } finally {
      files.remove();
    }
  },
};

/** ns of a call. */
type Times = ReadonlyMap<Call, number>;

/** Without, with, and without again. */
interface Round {
  readonly is: Kind;
  readonly before: Times;
  readonly traced: Times;
  readonly after: Times;
}

async function measureRounds(
  calls: readonly Call[],
  all: readonly Side<Kind>[],
  rules: readonly string[],
  session: Session,
): Promise<Round[]> {
  const rounds: Round[] = [];
  let before = await measureAll(calls, session);
  const count = session.quick ? 2 : 7;
  for (let number = 1; number <= count; number++) {
    session.progress(`round ${number} of ${count}`);
    for (const { is, spawn } of all) {
      const process = await spawn(rules, AGENT_CPU).begun();
      let traced: Times;
      try {
        traced = await measureAll(calls, session);
      } finally {
        await process.stop();
      }
      const after = await measureAll(calls, session);
      rounds.push({ is, before, traced, after });
      before = after;
    }
  }
  return rounds;
}

async function measureAll(calls: readonly Call[], { quick }: Session): Promise<Times> {
  const times = new Map<Call, number>();
  for (const call of calls) {
    const { workload, path } = call;
    const options: LoadOptions = { seconds: quick ? 0.3 : 0.7, cpu: LOAD_CPU, ...(path !== undefined && { path }) };
    const measured = await runLoad(workload, options);
    times.set(call, measured.cpuNs / measured.calls);
  }
  return times;
}

function figureOf(call: Call, rounds: readonly Round[]): Figure {
  const { aim, falco } = call;
  return {
    ...added(call, rounds, 'agent'),
    falcoHere: added(call, rounds, 'falco').samples,
    ...(aim !== undefined && { aim }),
    ...(falco !== undefined && { falco }),
  };
}

/** @param lack why there is no fexit here */
function figureByFexit(call: Call, rounds: readonly Round[], lack: string | undefined): Figure {
  const { aimByFexit: aim } = call;
  return {
    ...added(call, rounds, 'fexit'),
    what: '  by fexit',
    ...(aim !== undefined && { aim }),
    ...(lack !== undefined && { note: `not here: ${lack}` }),
  };
}

function added(call: Call, rounds: readonly Round[], kind: Kind): Figure {
  const { what, unit } = call;
  const pairs = rounds
    .filter(({ is }) => is === kind)
    .map(({ before, traced, after }) => ({
      without: ((before.get(call) ?? Number.NaN) + (after.get(call) ?? Number.NaN)) / 2,
      traced: traced.get(call) ?? Number.NaN,
    }));
  const middle = (part: 'without' | 'traced'): string => median(pairs.map((pair) => pair[part])).toFixed(0);
  return {
    what,
    unit,
    samples: pairs.map(({ without, traced }) => (unit === '+ns' ? traced - without : (traced / without - 1) * 100)),
    note: `${middle('without')} -> ${middle('traced')} ns`,
  };
}
