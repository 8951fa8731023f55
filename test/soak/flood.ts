// A flood of events as fast as all CPUs make them, and an attack in it: the attack is reported, or that it may have been lost.

import { availableParallelism } from 'node:os';
import { LOAD_NAME, startLoad } from '../bench/load.ts';
import { measuredRules } from '../bench/rule-sets.ts';
import { SoakAgent } from './agent.ts';
import { mustAddUp, mustBeTold } from './drops.ts';
import { follow, latencies, spread, startMarks } from './marks.ts';
import { soakRules } from './rules.ts';
import type { Scenario, Session } from './scenario.ts';
import { count } from './table.ts';

const ATTACK = '/etc/shadow';
const READS = 100;
const READS_A_SECOND = 20;

export const FLOOD: Scenario = {
  name: 'flood',
  summary: `${READS} reads of ${ATTACK} while all CPUs open files as fast as they can`,
  seconds: 90,
  async run(session) {
    await floodOnce(session, 'with the kernel filter', []);
    await floodOnce(session, 'all evaluated', ['--no-kernel-filter']);
  },
};

async function floodOnce(session: Session, how: string, options: readonly string[]): Promise<void> {
  session.progress(how);
  const { paths } = await measuredRules();
  const keep = (line: string): boolean => line.includes(ATTACK) && line.includes(LOAD_NAME);
  const agent = await SoakAgent.start(session, { rules: [soakRules(), ...paths], options, keep });
  const before = await agent.metricsOfNow();
  const began = performance.now();
  const floods = Array.from({ length: availableParallelism() }, (_, cpu) =>
    startLoad('open', { seconds: 0, cpu }, () => {}),
  );
  for (const flood of floods) session.atEnd(() => flood.stop());
  const calls = session.quick ? 10 : READS;
  const attack = startMarks(session, { path: ATTACK, rate: READS_A_SECOND, calls });
  await attack.done;
  await Promise.all(floods.map((flood) => flood.stop()));
  const seconds = (performance.now() - began) / 1000;
  const metrics = await agent.metricsOfNow();
  await agent.stop();
  const followed = follow(attack.marks, agent.alerts);
  const produced = metrics.produced - before.produced;
  const dropped = metrics.outcomes.dropped - before.outcomes.dropped;
  const share = `${count(dropped)}, ${((dropped / produced) * 100).toFixed(1)} %`;
  session.figure(`events a second, ${how}`, count(produced / seconds));
  session.figure('  dropped', share);
  session.figure('  alerts of the attack', `${latencies(followed).length} of ${calls}`);
  session.figure('  from call to alert', spread(latencies(followed)));
  await mustAddUp(session, agent);
  mustBeTold(session, followed, agent);
}
