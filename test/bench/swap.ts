// What replacing rules costs while half a million events come a second: how long they wait, what is lost, what is left behind.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAgent } from '../../host/agent/agent.ts';
import { BenchError, type Benchmark, type Figure, type Session } from './figure.ts';
import { startLoad } from './load.ts';
import { LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules, mixedRuleSet, ownRules, type RuleSet, WITHOUT_STOCK_RULES } from './rule-sets.ts';
import { quantile } from './statistics.ts';

/** After so many, what grows once has grown. */
const WARM_UP = 20;
const BETWEEN_MS = 50;
/** Calls a second, all of them events: some more than is aimed at, since the load lags where it has to wait for its CPU. */
const STORM = 550_000;
const AIMED_STORM = 500_000;

export const SWAP: Benchmark = {
  name: 'swap',
  summary: 'rules replaced on a running agent, under load',
  async run(session) {
    requireTwoProcessors();
    const rules = await measuredRules();
    const others = WITHOUT_STOCK_RULES ? await mixedRuleSet(100) : await ownRules();
    return [
      ...(await measure(rules, rules, 'the same event types', session)),
      ...(await measure(rules, others, 'other event types, which are attached and detached', session)),
    ];
  },
};

async function measure(first: RuleSet, second: RuleSet, what: string, session: Session): Promise<Figure[]> {
  const swaps = session.quick ? 20 : 100;
  const troubles: string[] = [];
  // Without the kernel filter all that the load does is evaluated.
  const agent = await startAgent({
    modules: [first.module],
    outputs: [],
    kernelFilter: false,
    onEnd: ({ message }) => troubles.push(message),
  });
  const load = startLoad('empty', { seconds: 0, cpu: LOAD_CPU, rate: STORM }, () => {});
  const waits: number[] = [];
  const times: number[] = [];
  let before = 0;
  const began = performance.now();
  try {
    for (let swap = -WARM_UP; swap < swaps; swap++) {
      if (swap === 0) before = residentBytes();
      const asked = performance.now();
      await agent.replaceRules([swap % 2 === 0 ? second.module : first.module]);
      if (swap >= 0) {
        times.push(performance.now() - asked);
        waits.push(agent.summary().rules.reloads.longestStepMs ?? Number.NaN);
      }
      if (swap % 20 === 0) session.progress(`${what}: ${Math.max(swap, 0)} of ${swaps}`);
      await sleep(BETWEEN_MS);
    }
  } finally {
    await load.stop();
  }
  const grown = residentBytes() - before;
  const seconds = (performance.now() - began) / 1000;
  const { engine } = await agent.stop();
  const [trouble] = troubles;
  if (!engine || trouble !== undefined) throw new BenchError(trouble ?? 'the engine gave no numbers');
  const { produced, evaluated, filtered, dropped } = engine.capture;
  const [made, taken, lost] = [produced, [...evaluated, ...filtered], dropped].map(sum) as [number, number, number];
  if (made !== taken + lost) throw new BenchError(`${made} events were made, ${taken} evaluated, ${lost} dropped`);
  const rate = made / seconds / 1000;
  const note = `${lost} of ${made} dropped`;
  return [
    { what: `events, ${what}`, unit: 'k/s', better: 'more', samples: [rate], aim: AIMED_STORM / 1000 },
    { what: '  of them lost', unit: '%', samples: [(lost / made) * 100], aim: 0, note },
    { what: '  they wait', unit: 'ms', samples: waits },
    { what: '  the same, 99 % of replacements', unit: 'ms', samples: [quantile(waits, 0.99)], aim: 5 },
    { what: '  until all is attached and detached', unit: 'ms', samples: times },
    { what: `  growth of the RSS by ${swaps} replacements`, unit: 'MB', samples: [grown / 1e6] },
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function residentBytes(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
