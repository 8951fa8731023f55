// Storms of lifecycle records: every attack that is made meanwhile is reported, and whatever is lost has its alert.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGE_RULE } from '../../host/agent/watches/image-watch.ts';
import { CPUS } from '../support/live/cpus.ts';
import { attack, attackRules } from '../support/live/image-attacks.ts';
import { STORM_NAMES, startStorm } from '../support/live/storm.ts';
import { SoakAgent } from './agent.ts';
import { mustAddUp } from './drops.ts';
import { soakRules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { count } from './table.ts';

const ATTACKS = 500;
const SECONDS = 120;

export const STORMS: Scenario = {
  name: 'storms',
  summary: `${STORM_NAMES.join(', ')} on all CPUs, ${count(ATTACKS)} attacks during each`,
  seconds: 400,
  async run(session) {
    const attacks = session.quick ? 50 : ATTACKS;
    const directory = join(session.folder, 'attacked');
    mkdirSync(directory);
    writeFileSync(join(directory, 'target'), '');
    const rules = join(session.folder, 'attacks.yaml');
    writeFileSync(rules, attackRules(directory));
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), rules],
      keep: (line) => line.includes('mark-'),
    });
    for (const storm of STORM_NAMES) {
      session.progress(storm);
      const began = performance.now();
      const running = startStorm(storm, CPUS, SECONDS);
      const made = await attack(directory, storm, attacks);
      const rounds = await running.end();
      const seconds = (performance.now() - began) / 1000;
      await agent.settled();
      const seen = made.filter(({ rule, mark }) =>
        agent.alerts.some((alert) => alert.rule === rule && alert.output.includes(mark)),
      ).length;
      session.figure(storm, `${count(rounds / seconds)} rounds a second, ${seen} of ${attacks} attacks`);
      session.must(`each attack during ${storm} has its alert`, seen === attacks, `${seen} of ${attacks}`);
    }
    const metrics = await agent.metricsOfNow();
    const lost = metrics.sum('wasprey_process_images_lost_total');
    const reported = agent.internal.filter(({ rule }) => rule === IMAGE_RULE).length;
    session.figure('records of processes lost', count(lost));
    session.must('a loss of processes is reported', lost === 0 || reported > 0, `${lost} lost, ${reported} alerts`);
    await mustAddUp(session, agent);
  },
};
