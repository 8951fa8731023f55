// Very many short processes: each alert names its own process and parent, and none of them is remembered for ever.

import { execFile } from 'node:child_process';
import { copyFileSync, linkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { OWN_RULES } from '../../host/daemon/rules/rule-files.ts';
import { cProgram } from '../support/programs/c-program.ts';
import { SoakAgent, type SoakAlert } from './agent.ts';
import { mustAddUp } from './drops.ts';
import { markFile } from './marks.ts';
import { MARK_RULE, soakRules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { count, megabytes } from './table.ts';

const PROCESSES_COUNT = 10_000;
/** One in so many opens the marked file. */
const EVERY = 7;
const NAMES = 10;
const PARENT = 'soak-parent';
/** What else the machine runs comes and goes. */
const OTHERS = 50;
/** Images outlive their processes by half a second, and are freed when all rings are past them. */
const FORGOTTEN_MS = 10_000;

export const PROCESSES: Scenario = {
  name: 'processes',
  summary: `${count(PROCESSES_COUNT)} short processes`,
  seconds: 60,
  async run(session) {
    const processes = session.quick ? 500 : PROCESSES_COUNT;
    const mark = markFile(session);
    const parent = join(session.folder, PARENT);
    copyFileSync(cProgram(join(import.meta.dirname, 'crowd.c')), parent);
    for (let name = 0; name < NAMES; name++) linkSync(parent, join(session.folder, `soak-child-${name}`));
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), OWN_RULES],
      keep: (line) => line.includes(mark),
    });
    const images = async (): Promise<number> => (await agent.metrics()).sum('wasprey_process_images');
    const before = { images: (await agent.metricsOfNow()).sum('wasprey_process_images'), memory: agent.memory() };
    const began = performance.now();
    const words = [session.folder, String(processes), String(EVERY), mark];
    const { stdout } = await promisify(execFile)(parent, words, { maxBuffer: 2 ** 26 });
    const seconds = (performance.now() - began) / 1000;
    const metrics = await agent.metricsOfNow();
    const most = await images();
    const end = performance.now() + FORGOTTEN_MS;
    let left = most;
    while (left > before.images + OTHERS && performance.now() < end) {
      await sleep(250);
      left = await images();
    }
    const marked = stdout.trim().split('\n');
    const { right, wrong } = compare(marked, agent.alerts, session.folder);
    const after = agent.memory();
    session.figure('processes a second', count(processes / seconds));
    session.figure('alerts', `${count(agent.alerts.length)} of ${count(marked.length)}`);
    session.figure('events dropped', count(metrics.outcomes.dropped));
    session.figure(
      'resident memory, before and after',
      `${megabytes(before.memory.resident)}, ${megabytes(after.resident)}`,
    );
    session.figure('process images, before and after', `${count(before.images)}, ${count(left)}`);
    const found = `${right} of ${marked.length}${wrong === undefined ? '' : `; wrong: ${wrong}`}`;
    session.must('each alert has its own process, arguments and parent', right === marked.length, found);
    session.must('their images are forgotten', left <= before.images + OTHERS, `${left} in the table`);
    await mustAddUp(session, agent);
  },
};

/** How many alerts are as they should be, and a line of the first one that is not. @param marked lines of `n pid` */
function compare(marked: readonly string[], alerts: readonly SoakAlert[], folder: string) {
  const byPid = new Map(alerts.filter(({ rule }) => rule === MARK_RULE).map((alert) => [pidOf(alert), alert]));
  let right = 0;
  let wrong: string | undefined;
  for (const line of marked) {
    const [number = 0, pid = 0] = line.split(' ').map(Number);
    const fields = byPid.get(pid)?.output_fields;
    const name = `soak-child-${number % NAMES}`;
    const command = `${folder}/${name} ${number} `;
    const is = fields?.['proc.name'] === name && fields['proc.pname'] === PARENT;
    if (is && String(fields['proc.cmdline']).startsWith(`${name} ${number} `)) right++;
    else wrong ??= `${command}(${pid}): ${JSON.stringify(fields)}`;
  }
  return { right, wrong };
}

function pidOf({ output_fields: fields }: SoakAlert): number {
  return Number(fields['proc.vpid']);
}
