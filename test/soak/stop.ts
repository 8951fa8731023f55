// The agent is stopped by a signal under load and goes on later: what it missed is reported.

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { OWN_RULES } from '../../host/daemon/rules/rule-files.ts';
import { startLoad } from '../bench/load.ts';
import { SoakAgent } from './agent.ts';
import { mustAddUp, mustBeTold } from './drops.ts';
import { follow, latencies, markFile, spread, startMarks } from './marks.ts';
import { soakRules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { count } from './table.ts';

const STOPPED_MS = 3000;
const MARKS_A_SECOND = 50;

export const STOP: Scenario = {
  name: 'stop',
  summary: `SIGSTOP for ${STOPPED_MS / 1000} s under load, then SIGCONT`,
  seconds: 45,
  async run(session) {
    const path = markFile(session);
    const options = ['--no-kernel-filter'];
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), OWN_RULES],
      options,
      keep: (line) => line.includes(path),
    });
    // On every CPU, so that all rings run full.
    const loads = Array.from({ length: availableParallelism() }, (_, cpu) =>
      startLoad('open', { seconds: 0, cpu }, () => {}),
    );
    for (const load of loads) session.atEnd(() => load.stop());
    const marking = startMarks(session, { path, rate: MARKS_A_SECOND });
    await sleep(1000);
    agent.signal('SIGSTOP');
    const stoppedAt = BigInt(Date.now()) * 1_000_000n;
    await sleep(session.quick ? STOPPED_MS / 2 : STOPPED_MS);
    agent.signal('SIGCONT');
    const continuedAt = BigInt(Date.now()) * 1_000_000n;
    await sleep(2000);
    await Promise.all(loads.map((load) => load.stop()));
    await marking.stop();
    const metrics = await agent.metricsOfNow();
    const ended = await agent.stop();
    const followed = follow(marking.marks, agent.alerts);
    const during = followed.filter(({ mark: { wall } }) => wall >= stoppedAt && wall < continuedAt);
    const after = followed.filter(({ mark: { wall } }) => wall >= continuedAt);
    session.figure('events', count(metrics.produced));
    session.figure('  dropped', count(metrics.outcomes.dropped));
    session.figure('calls while it was stopped', `${latencies(during).length} alerts of ${during.length}`);
    session.figure(
      'calls after that',
      `${latencies(after).length} alerts of ${after.length}, ${spread(latencies(after))}`,
    );
    const ownAlerts = [...new Set(agent.internal.map(({ rule }) => rule))];
    session.figure('alerts of its own', ownAlerts.join(', ') || 'none');
    session.must(
      'it goes on',
      latencies(after).length > 0 && ended,
      `${latencies(after).length} alerts, ended by itself: ${ended}`,
    );
    await mustAddUp(session, agent);
    mustBeTold(session, followed, agent);
  },
};
