// The windows of the page over time: alerts that come, pauses, streams that break, an agent that restarts, and how it is used without a mouse.

import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type PageAgent, startPageAgent } from '../support/page/page-agent.ts';
import { assertAccessible, screenshot, TestBrowser } from '../support/page/page-browser.ts';
import { eventsOfStory, processesOfStory, STORY_RULES } from '../support/page/page-story.ts';
import { shadowRead } from '../support/records/built-agent.ts';
import { inject } from '../support/records/inject.ts';

const browser = TestBrowser.forTests();
let agent: PageAgent;
before(async () => {
  agent = await startPageAgent(STORY_RULES);
  inject(agent.agent, processesOfStory(), eventsOfStory());
});
after(() => agent[Symbol.asyncDispose]());

const READ = 'Sensitive file read';

function shadowReads(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => shadowRead(4));
}

function countOf(page: Page, rule: string) {
  return page.locator('.group', { hasText: rule }).locator('.count');
}

async function shownCount(page: Page, rule: string): Promise<number> {
  return Number(((await countOf(page, rule).textContent()) ?? '').replaceAll(',', ''));
}

async function waitForCount(page: Page, rule: string, count: number): Promise<void> {
  const text = new Intl.NumberFormat('en').format(count);
  await countOf(page, rule).getByText(text, { exact: true }).waitFor();
}

/** What stands between a window and the agent, and can be cut. */
class Line implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  isCut = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<Line> {
    const server = createServer();
    const line = new Line(server);
    server.on('connection', (near) => {
      if (line.isCut) {
        near.destroy();
        return;
      }
      const far = connect(port, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        line.#sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          line.#sockets.delete(one);
          other.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing comes through the connections that are there, and they stay open. */
  stall(): void {
    for (const socket of this.#sockets) socket.unpipe().resume();
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

test('a stream that breaks goes on without a gap', async () => {
  await using line = await Line.to(Number(new URL(agent.origin).port));
  await using window = await browser.window();
  const { page } = window;
  const link = new URL(agent.link());
  link.port = String(line.port);
  await page.goto(link.href);
  const before = await shownCount(page, READ);
  line.cut();
  await page.getByText('The agent does not answer').waitFor();
  await screenshot(page, 'broken-light-1280');
  await assertAccessible(page, 'a broken stream');
  inject(agent.agent, [], shadowReads(7));
  line.isCut = false;
  await waitForCount(page, READ, before + 7);
  await page.getByText('live', { exact: true }).waitFor();
  assert.equal(await page.getByText('The agent does not answer').count(), 0);
});

test('a stream that falls silent is opened again', async () => {
  await using line = await Line.to(Number(new URL(agent.origin).port));
  await using window = await browser.window();
  const { page } = window;
  const link = new URL(agent.link());
  link.port = String(line.port);
  await page.goto(link.href);
  const before = await shownCount(page, READ);
  line.stall();
  inject(agent.agent, [], shadowReads(2));
  await page.getByText('The agent does not answer').waitFor();
  await waitForCount(page, READ, before + 2);
  await page.getByText('live', { exact: true }).waitFor();
});

test('two windows have the same, and one that pauses catches up', async () => {
  await using one = await browser.window();
  await using other = await browser.window();
  await one.page.goto(agent.link());
  await countOf(one.page, READ).waitFor();
  await other.page.goto(agent.link());
  const before = await shownCount(one.page, READ);
  await waitForCount(other.page, READ, before);
  await one.page.keyboard.press('p');
  await one.page.getByRole('button', { name: 'Catch up' }).waitFor();
  inject(agent.agent, [], shadowReads(3));
  await waitForCount(other.page, READ, before + 3);
  await one.page.getByText('3 more alerts since').waitFor();
  await waitForCount(one.page, READ, before);
  await one.page.getByRole('button', { name: 'Catch up' }).click();
  await waitForCount(one.page, READ, before + 3);
});

test('filters are a part of the address', async () => {
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await page.locator('.group').nth(2).waitFor();
  await page.getByLabel('Words').fill('shadow cat');
  await page.locator('.group').nth(1).waitFor({ state: 'detached' });
  assert.equal(await page.locator('.group').count(), 1);
  await page.getByLabel('Words').fill('');
  await page.getByRole('combobox', { name: /^Priority/ }).selectOption('Error');
  await page.locator('.group').nth(2).waitFor({ state: 'detached' });
  assert.match(page.url(), /#\/now\?priority=Error$/);
  await page.reload();
  await page.locator('.group').nth(1).waitFor();
  assert.equal(await page.locator('.group').count(), 2);
  await page.getByLabel('Words').fill('nothing of this');
  await page.getByText('No group matches the filter').waitFor();
});

test('the keyboard alone comes to an alert and back', async () => {
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await page.locator('.group').first().waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content');
  await page.keyboard.press('Enter');
  for (let step = 0; step < 20; step++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement.className')) === 'rule') break;
  }
  await page.keyboard.press('Enter');
  await page.locator('.alert h1').waitFor();
  // A reader of the screen hears where it is.
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
  await page.goBack();
  await page.locator('.group').first().waitFor();
});

test('the list stands still while it is read', async () => {
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await page.locator('.group').nth(2).waitFor();
  const rules = () => page.locator('.group .rule').allTextContents();
  await page.getByLabel('Order').selectOption('count');
  const before = await rules();
  await page.locator('.group').first().hover();
  const last = before.at(-1) ?? '';
  assert.equal(last, 'Program from a world-writable folder');
  const [execution] = eventsOfStory().slice(2);
  inject(
    agent.agent,
    [],
    Array.from({ length: 300 }, () => execution ?? new Uint8Array()),
  );
  await waitForCount(page, last, 301);
  assert.deepEqual(await rules(), before);
  // The keyboard is still in it when the pointer leaves.
  await page.locator('.group .rule').first().focus();
  await page.mouse.move(5, 5);
  inject(agent.agent, [], execution ? [execution] : []);
  await waitForCount(page, last, 302);
  assert.deepEqual(await rules(), before);
  await page.getByLabel('Words').focus();
  await page.locator('.group .rule').first().getByText(last).waitFor();
});

test('ten thousand alerts are a few groups', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(agent.link());
  const before = await shownCount(page, READ);
  for (let round = 1; round <= 10; round++) {
    inject(agent.agent, [], shadowReads(1_000));
    await waitForCount(page, READ, before + round * 1_000);
  }
  assert.ok((await page.locator('.group').count()) <= 4);
  await page.getByRole('link', { name: READ }).click();
  await page.locator('.condition').waitFor();
  assert.deepEqual(errors, []);
});

test('after a restart of the agent the page says how to go on', async () => {
  const first = await startPageAgent(STORY_RULES);
  const port = Number(new URL(first.origin).port);
  await using window = await browser.window();
  const { page } = window;
  inject(first.agent, processesOfStory(), eventsOfStory());
  await page.goto(first.link());
  await page.locator('.group').nth(2).waitFor();
  await first[Symbol.asyncDispose]();
  await page.getByText('The agent does not answer').waitFor();
  await using second = await startPageAgent(STORY_RULES, { port });
  await page.getByText('The agent has restarted, or the session is over').waitFor();
  // What was shown can still be read.
  assert.equal(await page.locator('.group').count(), 3);
  await page.goto('about:blank');
  await page.goto(second.link());
  await page.getByText('No alert yet').waitFor();
  await screenshot(page, 'empty-light-1280');
  await assertAccessible(page, 'an empty page');
});
