// The page: what it takes of a processor at a thousand alerts a second, with nobody looking and with one window, and whether that window is smooth.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/servers/free-port.ts';
import { AgentProcess } from './agent-process.ts';
import { BenchError, type Benchmark, type Figure, type Session } from './figure.ts';
import { startLoad } from './load.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules } from './rule-sets.ts';
import { median } from './statistics.ts';

const ALERTS_A_SECOND = 1_000;
const CHROMIUM = '/usr/bin/chromium';
/** Beyond, a frame is late that one can see. */
const LONG_TASK_MS = 50;

export const PAGE: Benchmark = {
  name: 'page',
  summary: `the page at ${ALERTS_A_SECOND} alerts a second: processor with nobody looking and with one window; tasks of that window`,
  async run(session) {
    requireTwoProcessors();
    const { paths } = await measuredRules();
    const folder = mkdtempSync(join(tmpdir(), 'wasprey-bench-page-'));
    try {
      return [...(await processor(paths, folder, session)), ...(await longTasks(paths, folder, session))];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Agents that see the same alerts at the same time, so that what else the machine does is the same for all; a second one without the page shows the noise. */
const CASES = ['off', 'off again', 'nobody', 'window'] as const;
type Case = (typeof CASES)[number];

async function processor(rules: readonly string[], folder: string, session: Session): Promise<Figure[]> {
  const [rounds, seconds] = session.quick ? [3, 5] : [10, 10];
  const agents = new Map<Case, PageProcess>();
  const used: Record<Case, number[]> = { off: [], 'off again': [], nobody: [], window: [] };
  try {
    for (const which of CASES)
      agents.set(which, await startAgent(rules, folder, which === 'nobody' || which === 'window', session));
    const close = await look(agents.get('window')?.tokenFile ?? '');
    const load = startLoad('mark', { seconds: 0, rate: ALERTS_A_SECOND, cpu: LOAD_CPU }, () => {});
    try {
      // Until V8 has compiled what runs often.
      await sleep(session.quick ? 5_000 : 20_000);
      for (let [round, tries] = [1, 1]; round <= rounds; tries++) {
        session.progress(`round ${round} of ${rounds}`);
        const measured = await shares(agents, seconds);
        if (!measured && tries >= 3 * rounds) throw new BenchError('there were too few alerts');
        if (!measured) continue;
        for (const [which, share] of measured) used[which].push(share);
        round++;
      }
    } finally {
      // It would go on, and this process with it.
      await load.stop();
      close();
    }
  } finally {
    for (const { agent } of agents.values()) await agent.stop();
  }
  return figuresOf(used);
}

/** What each takes of a processor, in %, within so many seconds. Undefined: others had the processor, so that there were too few alerts. */
async function shares(agents: ReadonlyMap<Case, PageProcess>, seconds: number): Promise<[Case, number][] | undefined> {
  const all = [...agents];
  for (const [, { agent }] of all) agent.takeMarkAlerts();
  const [before, began] = [all.map(([, { agent }]) => agent.cpuTime().total), performance.now()];
  await sleep(seconds * 1000);
  const after = all.map(([, { agent }]) => agent.cpuTime().total);
  const passed = performance.now() - began;
  if (all.some(([, { agent }]) => agent.takeMarkAlerts().length < seconds * ALERTS_A_SECOND * 0.8)) return undefined;
  return all.map(([which], index) => [which, ((after[index] ?? 0) - (before[index] ?? 0)) / 1e4 / passed]);
}

function figuresOf(used: Readonly<Record<Case, readonly number[]>>): Figure[] {
  const off = median(used.off);
  const beside = (which: Case, what: string, aim?: number): Figure => ({
    ...{ what, unit: '%', samples: used[which].map((value, round) => value - (used.off[round] ?? 0)) },
    ...(aim !== undefined && { aim }),
    note: `${off.toFixed(1)} -> ${median(used[which]).toFixed(1)} %`,
  });
  return [
    beside('off again', 'of a processor without the page, again'),
    beside('nobody', 'of a processor with nobody looking'),
    beside('window', 'of a processor with one window', 1),
  ];
}

interface PageProcess {
  readonly agent: AgentProcess;
  readonly tokenFile: string;
}

async function startAgent(
  rules: readonly string[],
  folder: string,
  hasPage: boolean,
  { run }: Session,
): Promise<PageProcess> {
  const port = await freePort();
  const tokenFile = join(folder, `token-${port}`);
  const values = {
    'console.enabled': 'true',
    'console.listen': `127.0.0.1:${port}`,
    'console.token_file': tokenFile,
  };
  const page = hasPage ? Object.entries(values).flatMap(([key, value]) => ['-o', `${key}=${value}`]) : [];
  return { agent: await AgentProcess.start({ rules, cpu: AGENT_CPU, run: [...run, ...page] }), tokenFile };
}

/** Reads the stream of a window, as a browser would. @returns what closes it */
async function look(tokenFile: string): Promise<() => void> {
  const link = new URL(readFileSync(tokenFile, 'utf8').trim());
  const opened = await new Promise<string>((resolve, reject) => {
    const sent = request(new URL('/session', link), { method: 'POST' }, (response) => {
      response.resume();
      resolve(String(response.headers['set-cookie']));
    });
    sent.on('error', reject);
    sent.end(link.hash.replace('#token=', ''));
  });
  const [, cookie = '', path = ''] = /^([^;]+);.*? Path=([^;]+)/.exec(opened) ?? [];
  const stream = get(new URL(`${path}/stream`, link), { headers: { cookie }, agent: false }, (response) => {
    response.on('error', () => {});
    response.resume();
  });
  stream.on('error', () => {});
  return () => void stream.destroy();
}

/** By the browser's own observer, while the window is scrolled and alerts come. */
async function longTasks(rules: readonly string[], folder: string, session: Session): Promise<Figure[]> {
  if (!existsSync(CHROMIUM)) {
    session.progress(`there is no ${CHROMIUM}: the window's tasks are not measured`);
    return [];
  }
  const { chromium } = await import('playwright-core');
  const { agent, tokenFile } = await startAgent(rules, folder, true, session);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(readFileSync(tokenFile, 'utf8').trim());
    const load = startLoad('mark', { seconds: 0, rate: ALERTS_A_SECOND }, () => {});
    await page.locator('.group').first().waitFor();
    // The policy of the page lets no script in: this is the debugger's.
    await page.evaluate(
      `window.longTasks = []; new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) longTasks.push(duration) }).observe({ type: 'longtask' })`,
    );
    const rounds = session.quick ? 50 : 200;
    for (let round = 0; round < rounds; round++) {
      await page.mouse.wheel(0, round % 20 < 10 ? 200 : -200);
      await sleep(50);
    }
    const tasks = (await page.evaluate('longTasks')) as readonly number[];
    await load.stop();
    const note = `${tasks.length} of more than ${LONG_TASK_MS} ms within ${(rounds * 50) / 1000} s`;
    return [
      { what: 'longest task of the window', unit: 'ms', samples: [Math.max(0, ...tasks)], aim: LONG_TASK_MS, note },
    ];
  } finally {
    await browser.close();
    await agent.stop();
  }
}
