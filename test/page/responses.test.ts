// What a response has paused, on the page of an alert: shown, undone where the configuration allows it, and what could not be undone.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { text } from '../../host/fields/value.ts';
import { directoryForTests } from '../support/directory.ts';
import { type PageAgent, startPageAgent } from '../support/page/page-agent.ts';
import { assertAccessible, assertFits, SHOWN, screenshot, TestBrowser } from '../support/page/page-browser.ts';
import { STORY_RULES } from '../support/page/page-story.ts';
import { assertDone, container, targetIn } from '../support/responses/response-containers.ts';
import { openPerformer, type PerformerScene, responseOf } from '../support/responses/response-scene.ts';

const browser = TestBrowser.forTests();
const folder = directoryForTests();
const PAUSE = responseOf('pause_container', { name: 'freeze <b>shells</b>' });
const box = container();
let scene: PerformerScene;
let agent: PageAgent;
const logged: string[] = [];
before(async () => {
  scene = await openPerformer(join(folder, 'ledger'), () => undefined);
  const { performer } = scene;
  const responses = { list: () => performer.list(), undo: (id: string) => performer.undo(id) };
  agent = await startPageAgent(STORY_RULES, { responses, onLog: (message) => void logged.push(message) });
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await scene.performer.close();
});

/** Pauses the container, and opens the alert that says so. */
async function openPaused(page: Page): Promise<void> {
  assertDone(await scene.performer.perform(PAUSE, targetIn(box)));
  const fields = { 'container.id': box.shortId, 'wasprey.response': `${PAUSE.name}: paused container box (1 ms)` };
  await page.goto(agent.link());
  await page.getByText('live', { exact: true }).waitFor();
  agent.page.board.write({
    ...{ rule: 'Shell in a container', priority: 'Warning', source: 'syscall', tags: [], hostname: 'node' },
    ...{ time: BigInt(Date.now()) * 1_000_000n, message: 'a shell was started' },
    fields: Object.entries(fields).map(([key, value]) => ({ key, value: text(value) })),
  });
  await page.getByRole('link', { name: 'Shell in a container' }).click();
  await page.locator('.in-force li').waitFor();
}

async function resumeAll(): Promise<void> {
  for (const { id } of await scene.performer.list()) await scene.performer.undo(id);
}

for (const { scheme, width } of SHOWN) {
  test(`what is in force at ${width} pixels, ${scheme}`, async () => {
    agent.allowActions(true);
    await using window = await browser.window({ scheme, width });
    const { page, errors } = window;
    await openPaused(page);
    await screenshot(page, `in-force-${scheme}-${width}`);
    await assertFits(page);
    await assertAccessible(page, `in force ${scheme} ${width}`);
    await resumeAll();
    assert.deepEqual(errors, []);
  });
}

test('a paused container is resumed from the page of its alert', async () => {
  agent.allowActions(true);
  await using window = await browser.window();
  const { page, errors } = window;
  await openPaused(page);
  const entry = page.locator('.in-force li');
  const said = /pause container box: in force, by freeze <b>shells<\/b>, since .*until somebody undoes it/;
  assert.match((await entry.textContent()) ?? '', said);
  assert.match(await box.exec(['true'], { mayFail: true }), /paused/);
  await entry.getByRole('button', { name: 'Undo' }).press('Enter');
  await page.getByText('Undone: pause container box').waitFor();
  await entry.waitFor({ state: 'detached' });
  await box.exec(['true']);
  assert.match(logged.at(-1) ?? '', /^the page asks to undo response [0-9a-f]{6}$/);
  assert.deepEqual(await scene.performer.list(), []);
  await assertAccessible(page, 'undone');
  assert.deepEqual(errors, []);
});

test('what was undone meanwhile, and an agent that forbids it meanwhile, are reported', async () => {
  agent.allowActions(true);
  await using window = await browser.window();
  const { page } = window;
  await openPaused(page);
  const undo = page.locator('.in-force li').getByRole('button', { name: 'Undo' });
  agent.allowActions(false);
  await undo.click();
  await page.getByText('Not undone: pause container box: the page is read-only: console.actions is off').waitFor();
  // It was read again, and has no button any more.
  await undo.waitFor({ state: 'detached' });
  agent.allowActions(true);
  await page.reload();
  await undo.waitFor();
  const [{ id } = { id: '' }] = await scene.performer.list();
  await resumeAll();
  await undo.click();
  await page.getByText(`Not undone: pause container box: ${id} is not in force`).waitFor();
});

test('a page that is read-only shows the command', async () => {
  agent.allowActions(false);
  await using window = await browser.window();
  const { page } = window;
  await openPaused(page);
  const [{ id } = { id: '' }] = await scene.performer.list();
  await page.getByText(`wasprey responses undo ${id}`).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0);
  await resumeAll();
});
