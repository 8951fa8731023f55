// Very many containers, each there for a moment: each alert has the name and image of its own, and none is remembered for ever.

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { OWN_RULES } from '../../host/daemon/rules/rule-files.ts';
import { SoakAgent, type SoakAlert } from './agent.ts';
import { mustAddUp } from './drops.ts';
import { MARK, MARK_RULE, soakRules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { type ShortContainer, startShortContainers } from './short-containers.ts';
import { count, megabytes } from './table.ts';

const CONTAINERS_COUNT = 1000;
/** What else the machine runs comes and goes. */
const OTHERS = 10;
/** They are kept for half a minute after their last process, as more may start in them. */
const FORGOTTEN_MS = 45_000;

/** runc forgets a container at its end: of so few of those that live 0.1 s, an agent without a CPU may come too late. */
const MOST_WITHOUT = 0.005;

export const CONTAINERS: Scenario = {
  name: 'containers',
  summary: `${count(CONTAINERS_COUNT)} containers of runc, each with an alert`,
  seconds: 150,
  async run(session) {
    const total = session.quick ? 30 : CONTAINERS_COUNT;
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), OWN_RULES],
      keep: (line) => line.includes(MARK),
    });
    const known = async (): Promise<number> => (await agent.metrics()).sum('wasprey_containers');
    const before = { known: (await agent.metricsOfNow()).sum('wasprey_containers'), memory: agent.memory() };
    const began = performance.now();
    const containers = startShortContainers(session, total, 3 * availableParallelism());
    const timer = setInterval(() => session.progress(`${containers.ended.length} of ${total}`), 10_000);
    session.atEnd(() => clearInterval(timer));
    await containers.done;
    const seconds = (performance.now() - began) / 1000;
    const metrics = await agent.metricsOfNow();
    const most = await known();
    const gone = performance.now();
    let left = most;
    while (left > before.known + OTHERS && performance.now() - gone < FORGOTTEN_MS) {
      await sleep(250);
      left = await known();
    }
    const after = agent.memory();
    const alerts = new Map(
      agent.alerts.filter(({ rule }) => rule === MARK_RULE).map((alert) => [fileOf(alert), alert]),
    );
    const wrong = containers.ended.filter((container) => !isOf(container, alerts.get(container.path)));
    const [first] = wrong;
    session.figure('containers a second', (total / seconds).toFixed(1));
    session.figure('alerts', `${count(alerts.size)} of ${count(total)}`);
    session.figure('events', count(metrics.produced));
    session.figure(
      'known to the capture: before, at the end of the last, later',
      [before.known, most, left].map(count).join(', '),
    );
    session.figure('forgotten after', `${((performance.now() - gone) / 1000).toFixed(1)} s`);
    session.figure(
      'resident memory, before and after',
      `${megabytes(before.memory.resident)}, ${megabytes(after.resident)}`,
    );
    session.must(
      'alerts have the id of their container',
      isAll(containers.ended, alerts),
      `${alerts.size} of ${total}`,
    );
    const unexplained = wrong.filter(({ path }) => alerts.get(path)?.output_fields['container.metadata'] === undefined);
    session.must(
      'and its name and image; of hardly any they are not known, and the alert says so',
      wrong.length <= total * MOST_WITHOUT && unexplained.length === 0,
      `${total - wrong.length} of ${total}${first ? `; ${JSON.stringify(alerts.get(first.path)?.output_fields)}` : ''}`,
    );
    session.must('they are forgotten', left <= before.known + OTHERS, `${left} are known`);
    await mustAddUp(session, agent);
  },
};

function fileOf({ output_fields: fields }: SoakAlert): string {
  return String(fields['fd.name']);
}

function isAll(containers: readonly ShortContainer[], alerts: ReadonlyMap<string, SoakAlert>): boolean {
  return containers.every(({ id, path }) => alerts.get(path)?.output_fields['container.id'] === id.slice(0, 12));
}

/** With all that runc tells. */
function isOf({ id, repository }: ShortContainer, alert: SoakAlert | undefined): boolean {
  const fields = alert?.output_fields;
  return (
    fields?.['container.id'] === id.slice(0, 12) &&
    fields['container.name'] === id &&
    fields['container.image.repository'] === repository
  );
}
