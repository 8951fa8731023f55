// A hundred groups that are scrolled while ten thousand alerts come: what a frame takes of a processor, so that there can be 60 a second.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPageAgent } from '../support/page/page-agent.ts';
import { TestBrowser } from '../support/page/page-browser.ts';
import { processesOfStory } from '../support/page/page-story.ts';
import { shadowRead } from '../support/records/built-agent.ts';

const GROUPS = 100;
const ALERTS = 10_000;
const ROUNDS = 20;
const FRAME_MS = 1000 / 60;
const LONG_TASK_MS = 50;

const RULES = Array.from(
  { length: GROUPS },
  (_, index) => `- rule: Read ${index}
  desc: reads
  condition: evt.type in (open, openat, openat2) and fd.name = /etc/shadow
  output: "%proc.name read %fd.name (user=%user.name command=%proc.cmdline number=${index})"
  priority: ${['CRITICAL', 'ERROR', 'WARNING', 'NOTICE'][index % 4]}
`,
).join('');

const browser = TestBrowser.forTests();

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
  /** Of the thread, in us: what other processes do meanwhile does not count. */
  readonly tdur?: number;
}

/** What each task of the window's main thread took of a processor, in ms. */
function tasksIn(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const isMain = (event: TraceEvent): boolean => mains.some(({ pid, tid }) => pid === event.pid && tid === event.tid);
  const tasks = traceEvents.filter((event) => event.name.endsWith('RunTask') && isMain(event));
  return tasks.map(({ tdur = 0 }) => tdur / 1000);
}

test('ten thousand alerts in a hundred groups are scrolled at sixty frames a second', async (t) => {
  await using agent = await startPageAgent(RULES);
  await using window = await browser.window();
  const { page, errors } = window;
  const perRound = ALERTS / GROUPS / ROUNDS;
  agent.agent.inject(processesOfStory(), [shadowRead(4)]);
  await page.goto(agent.link());
  await page
    .locator('.group')
    .nth(GROUPS - 1)
    .waitFor();
  const engine = page.context().browser();
  assert.ok(engine);
  await page.evaluate(
    'window.frames_ = 0; const frame = () => { frames_++; requestAnimationFrame(frame) }; requestAnimationFrame(frame)',
  );
  await engine.startTracing(page, { categories: ['toplevel'] });
  const [before, began] = [Number(await page.evaluate('frames_')), performance.now()];
  await page.mouse.move(400, 400);
  for (let round = 0; round < ROUNDS; round++) {
    agent.agent.inject(
      [],
      Array.from({ length: perRound }, () => shadowRead(4)),
    );
    for (let step = 0; step < 8; step++) {
      await page.mouse.wheel(0, round % 10 < 5 ? 300 : -300);
      await sleep(30);
    }
  }
  const [frames, passed] = [Number(await page.evaluate('frames_')) - before, performance.now() - began];
  const tasks = tasksIn(await engine.stopTracing());
  const each = tasks.reduce((sum, task) => sum + task, 0) / frames;
  const longest = Math.max(...tasks);
  t.diagnostic(
    `${((1000 * frames) / passed).toFixed(0)} frames a second, ${each.toFixed(1)} ms of a processor each; the longest of ${tasks.length} tasks ${longest.toFixed(1)} ms`,
  );
  const total = new Intl.NumberFormat('en').format(ALERTS + GROUPS);
  await page.getByText(`${total} alerts since the agent started`).waitFor();
  assert.ok(frames > 10 && tasks.length > frames / 2, `${frames} frames, ${tasks.length} tasks`);
  assert.ok(each < FRAME_MS, `${each} ms a frame`);
  assert.ok(longest < LONG_TASK_MS, `a task of ${longest} ms`);
  assert.deepEqual(errors, []);
});
