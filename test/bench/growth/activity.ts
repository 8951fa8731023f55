// CPU time of the agent for a second of events, filtered or evaluated, and of alerts: from few up to what one processor makes.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from '../agent-process.ts';
import { FALCO } from '../falco-figures.ts';
import type { Figure, Session } from '../figure.ts';
import { runLoad, runMarks } from '../load.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from '../processors.ts';
import { measuredRules } from '../rule-sets.ts';
import type { Curve, Point } from './curve.ts';

const EVENTS_A_SECOND = [1_000, 10_000, 100_000, 1_000_000];
const ALERTS_A_SECOND = [10, 100, 1_000];

/** openat of a file, which the kernel filter drops, and which rules evaluate without it. */
export async function eventsCurves(session: Session): Promise<Curve[]> {
  const unfiltered = { ...session, run: [...new Set([...session.run, '--no-kernel-filter'])] };
  return [
    await curve('events a second', EVENTS_A_SECOND, session, opens, falcoOn),
    await curve('evaluated events a second', EVENTS_A_SECOND, unfiltered, opens, falcoOn),
  ];
}

/** ms a second that Falco takes for so many, up to what it takes without drops. It evaluates each. */
function falcoOn(rate: number): Figure['falco'] {
  if (rate > FALCO.eventsWithoutDrops * 1000) return undefined;
  const [least, most] = FALCO.eventNs;
  const milliseconds = (ns: number): number => Math.round((rate * ns) / 1e5) / 10;
  return [milliseconds(least), milliseconds(most)];
}

/** What the load does not reach is a point at the rate that it reaches. */
async function opens(rate: number, seconds: number): Promise<number> {
  const { calls, ns } = await runLoad('open', { seconds, rate, cpu: LOAD_CPU });
  return (calls / ns) * 1e9;
}

/** Each read of /etc/shadow raises one. */
export function alertsCurve(session: Session): Promise<Curve> {
  return curve('alerts a second', ALERTS_A_SECOND, session, async (rate, seconds) => {
    await runMarks(rate * seconds, rate);
    return rate;
  });
}

/**
 * @param load makes so many a second for some seconds; resolves with how many it was
 * @param falcoAt what Falco takes at a rate, where that is known
 */
async function curve(
  cause: string,
  rates: readonly number[],
  { quick, run, progress }: Session,
  load: (rate: number, seconds: number) => Promise<number>,
  falcoAt: (rate: number) => Figure['falco'] = () => undefined,
): Promise<Curve> {
  requireTwoProcessors();
  const { paths } = await measuredRules();
  const points: Point[] = [];
  const agent = await AgentProcess.start({ rules: paths, cpu: AGENT_CPU, run });
  try {
    // V8 optimises the module while it runs.
    await runLoad('open', { seconds: 1, cpu: LOAD_CPU });
    for (const rate of rates) {
      progress(`${rate} ${cause}`);
      const samples: number[] = [];
      let reached = rate;
      for (let round = 0; round < (quick ? 1 : 5); round++) {
        await agent.drained();
        const before = { cpu: agent.cpuTime().total, at: performance.now() };
        reached = await load(rate, 2);
        await agent.drained();
        await sleep(100);
        samples.push((agent.cpuTime().total - before.cpu) / 1e6 / ((performance.now() - before.at) / 1000));
      }
      const falco = falcoAt(reached);
      points.push({ x: Math.round(reached), samples, ...(falco !== undefined && { falco }) });
    }
  } finally {
    await agent.stop();
  }
  return { what: "agent's CPU time a second", cause, unit: 'ms', points };
}
