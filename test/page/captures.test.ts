// Captures on the page: the list, the scrubber over one, and a rule that is tried on it.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { CAPTURED_RULE, capturedStory } from '../support/page/captured-story.ts';
import { type PageAgent, startPageAgent } from '../support/page/page-agent.ts';
import { assertAccessible, look, SHOWN, screenshot, TestBrowser } from '../support/page/page-browser.ts';
import { STORY_RULES } from '../support/page/page-story.ts';
import { Folder } from '../support/records/recordings.ts';

const browser = TestBrowser.forTests();
const folder = new Folder();
const NAME = 'capture_1795528388_1.wsp';
const { bytes } = capturedStory();
let agent: PageAgent;
before(async () => {
  writeFileSync(folder.file(NAME), bytes);
  writeFileSync(folder.file('capture_1795528389_1.wsp'), bytes.subarray(0, 40));
  agent = await startPageAgent(STORY_RULES, { captures: folder.path });
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function openCapture(page: Page): Promise<void> {
  await page.goto(agent.link());
  await page.getByRole('link', { name: 'Captures' }).click();
  await page.getByRole('link', { name: CAPTURED_RULE }).click();
  await page.getByRole('slider', { name: 'Moment' }).waitFor();
}

/** The PIDs of the processes that live at the chosen moment. */
function living(page: Page): Promise<string[]> {
  return page.locator('.living .pid').allTextContents();
}

for (const { scheme, width } of SHOWN) {
  test(`captures at ${width} pixels, ${scheme}`, async () => {
    await using window = await browser.window({ scheme, width });
    const { page, errors } = window;
    await page.goto(agent.link());
    await page.getByRole('link', { name: 'Captures' }).click();
    await page.getByRole('link', { name: CAPTURED_RULE }).waitFor();
    await page.getByText('capture_1795528389_1.wsp').waitFor();
    await look(page, `captures-${scheme}-${width}`);
    await page.getByRole('link', { name: CAPTURED_RULE }).click();
    await page.locator('.living .fired').waitFor();
    await page.locator('.state summary').first().click();
    await look(page, `capture-${scheme}-${width}`);
    assert.deepEqual(errors, []);
  });
}

test('the slider shows the processes and the events of each moment, by the keyboard too', async () => {
  await using window = await browser.window();
  const { page } = window;
  await openCapture(page);
  assert.deepEqual(await living(page), ['500', '501', '503', '510']);
  assert.match((await page.locator('.living .fired').textContent()) ?? '', /503 x --password=\*\*\*.*fired/);
  const slider = page.getByRole('slider', { name: 'Moment' });
  await slider.focus();
  await page.keyboard.press('Home');
  await page.locator('.living .fired').waitFor({ state: 'detached' });
  assert.deepEqual(await living(page), ['500', '501', '502', '510']);
  assert.match((await slider.getAttribute('aria-valuetext')) ?? '', /^-\d+\.\d{3} s from the alert$/);
  await page.keyboard.press('End');
  await page.locator('.journal .later').waitFor({ state: 'detached' });
  assert.deepEqual(await living(page), ['500', '510']);
  // The end of a process was the last thing; the last event came before it.
  for (const _ of [1, 2]) await page.getByRole('button', { name: 'Event before' }).click();
  await page.locator('.journal .later').waitFor();
  await page.getByRole('button', { name: 'To the alert' }).click();
  await page.locator('.living .fired').waitFor();
});

test('a moment is a part of the address', async () => {
  await using window = await browser.window();
  const { page } = window;
  await openCapture(page);
  await page.locator('.passing button', { hasText: '-' }).first().click();
  await page.waitForURL(/at=-\d+/);
  const moment = await page.locator('.moment').textContent();
  await page.reload();
  await page.locator('.moment').waitFor();
  assert.equal(await page.locator('.moment').textContent(), moment);
});

test('playing ends at the end', async () => {
  await using window = await browser.window();
  const { page } = window;
  await openCapture(page);
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('20');
  await page.getByRole('button', { name: 'Play' }).click();
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  assert.equal(await page.locator('.journal .later').count(), 0);
});

test('what a rule matches that is typed lights up on the axis and in the events', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await openCapture(page);
  await page.getByLabel('A condition, or rules').fill('evt.type = connect and fd.sport = 80');
  await page.keyboard.press('Control+Enter');
  await page.getByText('It matches 1 event, lit on the time axis.').waitFor();
  assert.equal(await page.locator('.axis rect.match').count(), 1);
  await page.locator('.try .journal button').click();
  assert.match((await page.locator('.passing .lit').textContent()) ?? '', /connects to 192\.0\.2\.7:80.*matches/);
  assert.deepEqual((await living(page)).includes('502'), true);
  await screenshot(page, 'capture-tried-light-1280');
  await assertAccessible(page, 'a rule that was tried');
  assert.deepEqual(errors, []);
});

test('what is wrong with a rule that is typed is shown with its place', async () => {
  await using window = await browser.window();
  const { page } = window;
  await openCapture(page);
  await page.getByLabel('A condition, or rules').fill('proc.nam = "<b>\u202e"');
  await page.getByRole('button', { name: 'Evaluate' }).click();
  const diagnostic = page.locator('.diagnostic');
  await diagnostic.waitFor();
  const text = (await diagnostic.textContent()) ?? '';
  assert.match(text, /unknown field proc\.nam/);
  assert.match(text, / 1 \| proc\.nam = "<b>\\u\{202e\}/);
  assert.match(text, /\| \^{8}/);
  assert.match(text, /did you mean proc\.name/);
  await screenshot(page, 'capture-invalid-light-1280');
  await assertAccessible(page, 'a rule that is invalid');
  await page.getByLabel('A condition, or rules').fill(`proc.name = ${'x'.repeat(20_000)}`);
  await page.getByRole('button', { name: 'Evaluate' }).click();
  await page.getByText('the text is too long').waitFor();
});

test('hostile names of a capture are texts', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await openCapture(page);
  await page.locator('.passing li', { hasText: 'writes /tmp/<img src=x' }).waitFor();
  assert.match((await page.locator('.message').textContent()) ?? '', /U\+202E.*U\+001B/);
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.doesNotMatch((await page.locator('main').textContent()) ?? '', /geheim/);
  assert.deepEqual(errors, []);
});

test('a capture that is gone, a damaged one and an empty folder say so', async () => {
  await using window = await browser.window();
  const { page } = window;
  const place = folder.file('none');
  mkdirSync(place);
  await using empty = await startPageAgent(STORY_RULES, { captures: place });
  await page.goto(empty.link());
  await page.getByRole('link', { name: 'Captures' }).click();
  await page.getByText('There is no capture. They are off').waitFor();
  await page.goto(`${empty.origin}/#/captures/gone.wsp`);
  await page.getByText('There is no such capture').waitFor();
  rmSync(place, { recursive: true });
  await page.goto(agent.link());
  await page.goto(`${agent.origin}/#/captures/capture_1795528389_1.wsp`);
  await page.getByText("It can't be shown").waitFor();
  for (const name of ['..%2f..%2fetc%2fpasswd', '..%2Fx.wsp', '.wsp']) {
    await page.goto(`${agent.origin}/#/captures/${name}`);
    await page.getByText('There is no such capture').waitFor();
  }
});
