// A hundred groups that are scrolled while ten thousand alerts come: frames go on, and each alert is counted. `npm run bench -- page` measures the tasks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPageAgent } from '../support/page/page-agent.ts';
import { TestBrowser } from '../support/page/page-browser.ts';
import { processesOfStory } from '../support/page/page-story.ts';
import { shadowRead } from '../support/records/built-agent.ts';
import { inject } from '../support/records/inject.ts';

const GROUPS = 100;
const ALERTS = 10_000;
const ROUNDS = 20;

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

test('ten thousand alerts in a hundred groups are counted while they are scrolled', async () => {
  await using agent = await startPageAgent(RULES);
  await using window = await browser.window();
  const { page, errors } = window;
  const perRound = ALERTS / GROUPS / ROUNDS;
  inject(agent.agent, processesOfStory(), [shadowRead(4)]);
  await page.goto(agent.link());
  await page
    .locator('.group')
    .nth(GROUPS - 1)
    .waitFor();
  await page.evaluate(
    'window.frames_ = 0; const frame = () => { frames_++; requestAnimationFrame(frame) }; requestAnimationFrame(frame)',
  );
  const before = Number(await page.evaluate('frames_'));
  await page.mouse.move(400, 400);
  for (let round = 0; round < ROUNDS; round++) {
    inject(
      agent.agent,
      [],
      Array.from({ length: perRound }, () => shadowRead(4)),
    );
    for (let step = 0; step < 8; step++) {
      await page.mouse.wheel(0, round % 10 < 5 ? 300 : -300);
      await sleep(30);
    }
  }
  const frames = Number(await page.evaluate('frames_')) - before;
  const total = new Intl.NumberFormat('en').format(ALERTS + GROUPS);
  await page.getByText(`${total} alerts since the agent started`).waitFor();
  assert.ok(frames > 10, `${frames} frames`);
  assert.deepEqual(errors, []);
});
