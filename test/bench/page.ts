// The page: what it takes of a processor at a thousand alerts a second, with nobody looking and with one window, and whether that window is smooth.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
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

type Case = 'off' | 'nobody' | 'window';

async function processor(rules: readonly string[], folder: string, session: Session): Promise<Figure[]> {
  const [rounds, seconds] = session.quick ? [1, 5] : [5, 15];
  const used: Record<Case, number[]> = { off: [], nobody: [], window: [] };
  for (let round = 1; round <= rounds; round++) {
    session.progress(`round ${round} of ${rounds}`);
    for (const which of ['off', 'nobody', 'window'] as const) {
      used[which].push(await usedBy(rules, folder, which, seconds, session));
    }
  }
  const off = median(used.off);
  const beside = (samples: readonly number[]): number[] =>
    samples.map((value, round) => value - (used.off[round] ?? 0));
  const note = (samples: readonly number[]): string => `${off.toFixed(1)} -> ${median(samples).toFixed(1)} %`;
  return [
    { what: 'of a processor with nobody looking', unit: '%', samples: beside(used.nobody), note: note(used.nobody) },
    {
      what: 'of a processor with one window',
      unit: '%',
      samples: beside(used.window),
      aim: 1,
      note: note(used.window),
    },
  ];
}

async function usedBy(
  rules: readonly string[],
  folder: string,
  which: Case,
  seconds: number,
  session: Session,
): Promise<number> {
  const { agent, tokenFile } = await startAgent(rules, folder, which !== 'off', session);
  try {
    const close = which === 'window' ? await look(tokenFile) : () => {};
    const load = startLoad('mark', { seconds: 0, rate: ALERTS_A_SECOND, cpu: LOAD_CPU }, () => {});
    await sleep(2000);
    const [before, began] = [agent.cpuTime(), performance.now()];
    await sleep(seconds * 1000);
    const used = (agent.cpuTime().total - before.total) / 1e6 / (performance.now() - began);
    await load.stop();
    close();
    if (agent.takeMarkAlerts().length < seconds * ALERTS_A_SECOND * 0.8)
      throw new BenchError('there were too few alerts');
    return 100 * used;
  } finally {
    await agent.stop();
  }
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
  const tokenFile = join(folder, 'token');
  const values = {
    'console.enabled': 'true',
    'console.listen': `127.0.0.1:${await freePort()}`,
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
