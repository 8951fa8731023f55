// What enforcement in the kernel adds to system calls: the same rules with and without responses that act there, by turns. Without them nothing of it
// is loaded, which is shown too.

import { makeDirectory } from '../support/directory.ts';
import { AgentProcess } from './agent-process.ts';
import { enforcedRules } from './enforced-rules.ts';
import { BenchError, type Benchmark, type Figure } from './figure.ts';
import { runLoad, type Workload } from './load.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { enforcers } from './ring-counters.ts';
import { median } from './statistics.ts';

const CALLS: readonly { readonly workload: Exclude<Workload, 'mark'>; readonly what: string }[] = [
  { workload: 'untraced', what: 'untraced syscall (getppid)' },
  { workload: 'open', what: 'openat + close' },
  { workload: 'missing', what: 'openat of a missing file' },
  { workload: 'exec', what: 'fork + exec + wait' },
  { workload: 'connect', what: 'connect + accept + close' },
];

/** Each call of the workloads is looked at, and none matches. */
const CONDITIONS = [
  'evt.type in (open, openat, openat2) and fd.name in (/tmp/wasprey-bench-enforced, /etc/wasprey-bench-enforced)',
  'evt.type = execve and evt.res = SUCCESS and proc.exepath = /tmp/wasprey-bench-enforced',
  'evt.type = connect and fd.sport = 1',
];

export const ENFORCEMENT: Benchmark = {
  name: 'enforcement',
  summary: 'what rules that the kernel enforces add to system calls that do not match them',
  async run(session) {
    requireTwoProcessors();
    const { path: directory, remove } = makeDirectory();
    const { rules, options } = await enforcedRules(directory, CONDITIONS);
    const samples = { without: new Map<string, number[]>(), enforcing: new Map<string, number[]>() };
    const rounds = session.quick ? 2 : 7;
    for (let round = 1; round <= rounds; round++) {
      session.progress(`round ${round} of ${rounds}`);
      for (const kind of ['without', 'enforcing', 'without'] as const) {
        const run = kind === 'enforcing' ? [...session.run, ...options] : session.run;
        const agent = await AgentProcess.start({ rules, cpu: AGENT_CPU, run });
        try {
          const loaded = enforcers();
          if (loaded > 0 !== (kind === 'enforcing'))
            throw new BenchError(`${loaded} programs enforce ${kind} responses`);
          await measure(samples[kind], session.quick);
        } finally {
          await agent.stop();
        }
      }
    }
    remove();
    return CALLS.map(({ what, workload }) =>
      figureOf(what, samples.without.get(workload) ?? [], samples.enforcing.get(workload) ?? []),
    );
  },
};

async function measure(into: Map<string, number[]>, quick: boolean): Promise<void> {
  for (const { workload } of CALLS) {
    const { calls, cpuNs } = await runLoad(workload, { seconds: quick ? 0.3 : 0.7, cpu: LOAD_CPU });
    into.set(workload, [...(into.get(workload) ?? []), cpuNs / calls]);
  }
}

function figureOf(what: string, without: readonly number[], enforcing: readonly number[]): Figure {
  const before = without.filter((_, index) => index % 2 === 0);
  const after = without.filter((_, index) => index % 2 === 1);
  const samples = enforcing.map((time, index) => time - ((before[index] ?? 0) + (after[index] ?? 0)) / 2);
  return { what, unit: '+ns', samples, note: `${median(without).toFixed(0)} -> ${median(enforcing).toFixed(0)} ns` };
}
