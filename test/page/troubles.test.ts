// What goes wrong in an agent, and where its page says so: a module that is set aside, and an API server that does not answer.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type PageAgent, startPageAgent } from '../support/page/page-agent.ts';
import { look, SHOWN, TestBrowser } from '../support/page/page-browser.ts';
import { eventsOfStory, processesOfStory, STORY_RULES } from '../support/page/page-story.ts';
import { handMade } from '../support/records/hand-made-module.ts';
import { inject } from '../support/records/inject.ts';
import { ApiServer } from '../support/servers/api-server.ts';

const browser = TestBrowser.forTests();
let server: ApiServer;
let agent: PageAgent;
before(async () => {
  server = await ApiServer.start();
  server.intercept = (_, response) => {
    response.writeHead(403).end(JSON.stringify({ kind: 'Status', message: 'pods: \u202e<b>forbidden</b>\nfor you' }));
    return true;
  };
  agent = await startPageAgent(STORY_RULES, {
    modules: [handMade({ evaluate: '(unreachable)' })],
    agent: { kubernetes: { node: 'node1', kubeconfig: server.kubeconfig }, onTrouble: () => {} },
  });
  inject(agent.agent, processesOfStory(), eventsOfStory());
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test('a module that is set aside is shown as such, with the reason, beside those that are evaluated', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(agent.link());
  await page.getByRole('link', { name: 'Rules' }).click();
  const banner = page.locator('.banner', { hasText: 'set aside' });
  await banner.waitFor();
  assert.match(
    (await banner.textContent()) ?? '',
    /^The rules of hand-made\.wasm are set aside since \d{4}-\d\d-\d\d [\d:.]+: .*unreachable.*\. They are not evaluated until they are replaced\.$/,
  );
  const module = (name: string) => page.getByLabel('Table of modules').getByRole('row', { name });
  assert.match((await module('hand-made.wasm').getByRole('rowheader').textContent()) ?? '', /set aside$/);
  assert.equal(await module('test rules').getByRole('rowheader').textContent(), 'test rules');
  const rule = (name: string) => page.getByLabel('Table of rules').getByRole('row', { name });
  assert.equal(await rule('Never').locator('.tag').textContent(), 'set aside');
  assert.equal(await rule('Sensitive file read').locator('.tag').count(), 0);
  assert.deepEqual(errors, []);
});

test("failures of metadata have their source, their kind and their reason, and what is the server's is text", async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(agent.link());
  await page.getByRole('link', { name: 'Health' }).click();
  // Its times are those of the reader, too.
  const trouble = page.locator('.troubles li', { hasText: 'hand-made.wasm' });
  await trouble.waitFor();
  assert.match(
    (await trouble.textContent()) ?? '',
    /^the rules of hand-made\.wasm are not evaluated since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.000: unreachable$/,
  );
  assert.match((await trouble.locator('time').getAttribute('title')) ?? '', / UTC$/);
  const row = page.getByLabel('Table of failures of metadata').getByRole('row', { name: 'Kubernetes API server' });
  await row.waitFor();
  const [kind, times, last = '', state, reason = ''] = await row.getByRole('cell').allTextContents();
  assert.deepEqual([kind, state], ['denied', 'fails']);
  assert.ok(Number(times) >= 1, times);
  assert.match(last, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
  // What changes how a line reads is gone already.
  assert.equal(reason, 'pods:  <b>forbidden</b> for you');
  assert.equal(await page.locator('main td b').count(), 0);
  assert.deepEqual(errors, []);
});

for (const { scheme, width } of SHOWN) {
  test(`troubles at ${width} pixels, ${scheme}`, async () => {
    await using window = await browser.window({ scheme, width });
    const { page } = window;
    await page.goto(agent.link());
    await page.goto(`${agent.origin}/#/rules`);
    await page.locator('.banner', { hasText: 'set aside' }).waitFor();
    await look(page, `rules-set-aside-${scheme}-${width}`);
    await page.goto(`${agent.origin}/#/health`);
    await page.getByLabel('Table of failures of metadata').waitFor();
    await look(page, `health-troubles-${scheme}-${width}`);
  });
}
