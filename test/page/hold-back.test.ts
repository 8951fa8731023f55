// "Hold this back" on an alert: exceptions that were tried on the journal, while that runs, and why there is none.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type PageAgent, startPageAgent } from '../support/page/page-agent.ts';
import { assertAccessible, assertFits, SHOWN, screenshot, TestBrowser } from '../support/page/page-browser.ts';
import { eventsOfStory, processesOfStory, STORY_RULES } from '../support/page/page-story.ts';
import { inject } from '../support/records/inject.ts';
import { Folder } from '../support/records/recordings.ts';
import { Story } from '../support/records/story.ts';

const RULE = 'Sensitive file read';
const browser = TestBrowser.forTests();
const folder = new Folder();
let agent: PageAgent;
before(async () => {
  writeFileSync(folder.file('journal-1.wsp'), journal());
  agent = await startWith(folder.path);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function startWith(path?: string): Promise<PageAgent> {
  const started = await startPageAgent(STORY_RULES, path === undefined ? {} : { journal: path });
  inject(started.agent, processesOfStory(), eventsOfStory());
  return started;
}

/** Ten minutes ago: what the alert of the story is about, many times, and something else that fires the same rule. */
function journal(): Buffer {
  const story = new Story(BigInt(Date.now() - 600_000) * 1_000_000n)
    .snapshot(50, 1, '/usr/sbin/sshd')
    .snapshot(60, 50, '/usr/bin/bash')
    .run(61, 60, '/usr/bin/cat')
    .run(62, 60, ['/usr/bin/less', '<b>']);
  for (let sequence = 0; sequence < 300; sequence++) story.wrote(61, '/etc/shadow', { sequence, open_flags: 0 });
  for (let sequence = 300; sequence < 302; sequence++) story.wrote(62, '/etc/gshadow', { sequence, open_flags: 0 });
  return story.bytes;
}

async function openAlert(page: Page, of: PageAgent): Promise<void> {
  await page.goto(of.link());
  await page.getByRole('link', { name: RULE }).click();
  await page.getByRole('button', { name: 'Hold this back' }).waitFor();
}

for (const { scheme, width } of SHOWN) {
  test(`exceptions at ${width} pixels, ${scheme}`, async () => {
    await using window = await browser.window({ scheme, width });
    const { page, errors } = window;
    await openAlert(page, agent);
    await page.getByRole('button', { name: 'Hold this back' }).click();
    await page.locator('.exception').first().waitFor();
    await screenshot(page, `hold-back-${scheme}-${width}`);
    await assertFits(page);
    await assertAccessible(page, `hold back ${scheme} ${width}`);
    assert.deepEqual(errors, []);
  });
}

test('an exception is shown as YAML, with what it would have held back and what would still have fired', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await openAlert(page, agent);
  const answers = Promise.withResolvers<void>();
  await page.route('**/hold-back', async (route) => {
    await answers.promise;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Hold this back' }).press('Enter');
  await page.getByText('Trying exceptions on the journal').waitFor();
  answers.resolve();
  await page.getByText('By itself the rule fires 302 times in the journal, of 302 events').waitFor();
  const best = page.locator('.exception').first();
  const text = (await best.textContent()) ?? '';
  assert.match(text, /^Holds back this alert, by .*proc\.exepath/);
  assert.match(text, /would have held back 300 of 302 alerts; 2 would still have fired: less in host 2\./);
  assert.match(
    (await best.locator('pre').textContent()) ?? '',
    /^- rule: "Sensitive file read" {2}exceptions: {4}- name: tuned_.*'"\/usr\/bin\/cat"'.*exceptions: append/s,
  );
  assert.deepEqual(errors, []);
});

test('an agent without a journal, and one that does not answer, say so', async () => {
  await using without = await startWith();
  await using window = await browser.window();
  const { page } = window;
  await openAlert(page, without);
  const button = page.getByRole('button', { name: 'Hold this back' });
  await button.click();
  await page.getByText('No exception: the journal is off: journal.enabled').waitFor();
  await page.getByText(`wasprey tune '${RULE}'`).waitFor();
  await page.route('**/hold-back', (route) => route.abort());
  await button.click();
  await page.getByText("It can't be loaded: the agent does not answer").waitFor();
});

test('a journal that was removed, and one with nothing that the rule fires on', async () => {
  const place = new Folder();
  writeFileSync(place.file('journal-1.wsp'), new Story().snapshot(50, 1, '/usr/sbin/cron').wrote(50, '/tmp/x').bytes);
  await using other = await startWith(place.path);
  await using window = await browser.window();
  const { page } = window;
  await openAlert(page, other);
  const button = page.getByRole('button', { name: 'Hold this back' });
  await button.click();
  await page.getByText('The rule fires on nothing in the journal').waitFor();
  // What the alert itself is about.
  assert.match((await page.locator('.exception').textContent()) ?? '', /^Holds back this alert, by proc\.exepath/);
  rmSync(place.path, { recursive: true });
  await button.click();
  await page.getByText(`No exception: the journal in ${place.path} can't be read`).waitFor();
});
