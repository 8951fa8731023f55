// Each view, in both schemes and at the widths of a phone and of a large screen: what it shows, and that it can be read and used by all.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type PageAgent, SIGNER, startPageAgent } from '../support/page/page-agent.ts';
import { assertFits, look, SHOWN, TestBrowser } from '../support/page/page-browser.ts';
import { eventsOfStory, HOSTILE, processesOfStory, STORY_RULES } from '../support/page/page-story.ts';
import { inject } from '../support/records/inject.ts';

const browser = TestBrowser.forTests();
let agent: PageAgent;
before(async () => {
  agent = await startPageAgent(STORY_RULES);
  inject(agent.agent, processesOfStory(), eventsOfStory());
});
after(() => agent[Symbol.asyncDispose]());

async function openAlert(page: Page, rule: string): Promise<void> {
  await page.getByRole('link', { name: rule }).click();
  await page.getByRole('heading', { level: 1, name: rule }).waitFor();
  await page.locator('.condition').waitFor();
}

for (const { scheme, width } of SHOWN) {
  test(`views at ${width} pixels, ${scheme}`, async () => {
    await using window = await browser.window({ scheme, width });
    const { page, errors } = window;
    await page.goto(agent.link());
    await page.locator('.group').nth(2).waitFor();
    await look(page, `now-${scheme}-${width}`);
    await openAlert(page, 'Sensitive file read');
    await look(page, `alert-${scheme}-${width}`);
    await page.goto(`${agent.origin}/#/rules`);
    await page.getByRole('row', { name: 'Sensitive file read' }).waitFor();
    await look(page, `rules-${scheme}-${width}`);
    await page.getByRole('link', { name: 'Sensitive file read' }).click();
    await page.getByText('Estimated cost').waitFor();
    await page.locator('summary', { hasText: 'as it would be alone' }).click();
    await look(page, `rule-${scheme}-${width}`);
    await page.goto(`${agent.origin}/#/health`);
    await page.getByText('Nothing is lost').waitFor();
    // Two reads and three files that were opened for writing.
    const opens = await page.getByRole('row', { name: 'openat', exact: false }).getByRole('cell').allTextContents();
    assert.deepEqual(opens.slice(0, 4), ['5', '0', '5', '0']);
    await look(page, `health-${scheme}-${width}`);
    assert.deepEqual(errors, []);
  });
}

test('an alert has its processes from the entry on, and each part of the condition with what it saw', async () => {
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await openAlert(page, 'Sensitive file read');
  assert.deepEqual(await page.locator('.process strong').allTextContents(), ['systemd', 'sshd', 'bash', 'cat']);
  assert.match((await page.locator('.fired .process').last().textContent()) ?? '', /cat\s+504.*fired/s);
  const part = (text: string) => page.locator('.condition li', { hasText: text }).last();
  assert.equal(await part('evt.type in').getAttribute('class'), 'true');
  assert.match((await part('fd.name in').textContent()) ?? '', /saw \/etc\/shadow/);
  // `or` was decided by the first check.
  assert.equal(await part('proc.aname').getAttribute('class'), 'skipped');
  assert.equal(await part('proc.pname').getAttribute('class'), 'false');
  assert.match((await part('proc.pname').textContent()) ?? '', /saw bash/);
});

test('times are those of the reader, with UTC beside', async () => {
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  const time = page.locator('.group time').first();
  const [shown = '', hover = '', exact = ''] = [
    (await time.textContent()) ?? '',
    (await time.getAttribute('title')) ?? '',
    (await time.getAttribute('datetime')) ?? '',
  ];
  assert.match(hover, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC$/);
  assert.equal(`${hover.replace(' UTC', '').replace(' ', 'T')}Z`, exact);
  // The windows of the tests are in Berlin.
  const there = new Date(exact).toLocaleTimeString('de-DE', { timeZone: 'Europe/Berlin' });
  assert.equal(shown, `${there}.${exact.slice(-4, -1)}`);
});

test('rules are sorted by any of their figures', async () => {
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await page.getByRole('link', { name: 'Rules' }).click();
  const names = page.locator('tbody').first().getByRole('rowheader');
  const by = (column: string) => page.getByRole('columnheader', { name: column, exact: true });
  await by('Rule').getByRole('button').click();
  const sorted = [
    'Connection',
    'File below /etc written',
    'Program from a world-writable folder',
    'Sensitive file read',
  ];
  assert.deepEqual(await names.allTextContents(), sorted);
  assert.equal(await by('Rule').getAttribute('aria-sort'), 'ascending');
  await by('Rule').getByRole('button').click();
  assert.deepEqual(await names.allTextContents(), sorted.toReversed());
  await by('Alerts').getByRole('button').click();
  assert.equal(await names.first().textContent(), 'File below /etc written');
  assert.equal(await names.last().textContent(), 'Connection');
  const modules = page.getByLabel('Table of modules').getByRole('row').last();
  assert.equal(await modules.getByRole('cell').last().textContent(), SIGNER);
});

test('a rule has its text, its explanation and its AssemblyScript', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(agent.link());
  await page.getByRole('link', { name: 'Rules' }).click();
  await page.getByRole('link', { name: 'Sensitive file read' }).click();
  const part = (title: string) => page.locator('section', { hasText: title }).last();
  await part('Estimated cost').waitFor();
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
  const written = (await part('As it is written').textContent()) ?? '';
  assert.match(
    written,
    /rules\.yaml:\d+.*- rule: Sensitive file read.*not known_readers.*tags: \[filesystem, T1003\]/s,
  );
  assert.doesNotMatch(written, /Program from/);
  assert.match((await part('With macros, lists').textContent()) ?? '', /proc\.name in \(cat, less, tail\)/);
  assert.match((await part('In the kernel').textContent()) ?? '', /Attached for this rule: open, openat, openat2/);
  await page.locator('summary', { hasText: 'as it would be alone' }).click();
  assert.match((await part('AssemblyScript').textContent()) ?? '', /export function evaluate\(/);
  await page.goto(`${agent.origin}/#/rules/${encodeURIComponent('none <b> / \u202e')}`);
  await page.getByText('the rule files have no such rule now').waitFor();
  await page.getByRole('heading', { level: 1, name: 'none <b> / U+202E' }).waitFor();
  assert.deepEqual(errors, []);
});

test('hostile names are texts whose odd characters can be seen', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  let dialogs = 0;
  page.on('dialog', (dialog) => {
    dialogs++;
    void dialog.dismiss();
  });
  await page.goto(agent.link());
  await openAlert(page, 'Program from a world-writable folder');
  const executable = (await page.locator('.fired .path').textContent()) ?? '';
  assert.equal(
    executable.replace(/\s+/g, ' '),
    `/tmp/${HOSTILE}`
      .replace('\u202e', 'U+202E')
      .replace('\u200b', 'U+200B')
      .replace('\u001b', 'U+001B')
      .replace('\u00a0', 'U+00A0'),
  );
  assert.equal(await page.locator('main img, main script').count(), 0);
  await page.goto(`${agent.origin}/#/now`);
  await page.getByRole('button', { name: 'Alerts of File below /etc written' }).click();
  await page.locator('.kept li').nth(2).waitFor();
  await assertFits(page);
  assert.deepEqual([errors, dialogs], [[], 0]);
});

test('a hostile name of a rule is one line of text, in choices and labels too', async () => {
  const name = `${HOSTILE}\n\u2066x`;
  const rule = `- rule: ${JSON.stringify(name)}
  desc: ${JSON.stringify(name)}
  condition: evt.type in (open, openat, openat2) and fd.name = /etc/shadow
  output: "%proc.name"
  priority: WARNING
  tags: [${JSON.stringify(name)}]
`;
  await using hostile = await startPageAgent(rule);
  inject(hostile.agent, processesOfStory(), eventsOfStory());
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(hostile.link());
  await page.locator('.group').first().waitFor();
  const shown = '<img src=x onerror=alert(1)></script>U+202Egnp.exeU+200BU+001B[31mU+00A0&amp;U+000AU+2066x';
  const choices = page.getByRole('combobox', { name: 'Rule' }).locator('option');
  assert.deepEqual(await choices.allTextContents(), ['All', shown]);
  await page.getByRole('combobox', { name: 'Rule' }).selectOption(shown);
  assert.equal(await page.locator('.group').count(), 1);
  await page.getByRole('button', { name: `Alerts of ${shown}`, exact: true }).waitFor();
  await page.locator('.group a.rule').click();
  await page.getByRole('heading', { level: 1, name: shown, exact: true }).waitFor();
  await page.locator('.condition').waitFor();
  await page.goto(`${hostile.origin}/#/rules`);
  await page.getByRole('row', { name: shown }).getByRole('link').first().click();
  await page.getByRole('heading', { level: 1, name: shown, exact: true }).waitFor();
  await page.getByText('Estimated cost').waitFor();
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.deepEqual(errors, []);
});

test('an alert that is gone, one of another run, and an unknown view say so', async () => {
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await page.locator('.group').first().waitFor();
  await page.goto(`${agent.origin}/#/alert/${agent.page.board.instance}/99999`);
  await page.getByText('does not have this alert any more').waitFor();
  await page.goto(`${agent.origin}/#/alert/0123/1`);
  await page.getByText('from an earlier run').waitFor();
  await page.goto(`${agent.origin}/#/nothing`);
  await page.getByText('This page has no such view').waitFor();
});

test('a service at another port does not get the cookie', async () => {
  const cookies: (string | undefined)[] = [];
  const other = createServer(({ headers }, response) => {
    cookies.push(headers.cookie);
    response.end('another service');
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await page.locator('.group').first().waitFor();
  for (const path of ['/', '/api/status', '/session']) await page.goto(`http://127.0.0.1:${port}${path}`);
  assert.deepEqual(new Set(cookies), new Set([undefined]));
  // Another window has the session, too.
  await page.goto(agent.origin);
  await page.locator('.group').first().waitFor();
  other.closeAllConnections();
  await new Promise((resolve) => other.close(resolve));
});

test('a link to a view, in a page of another site, opens it with the session', async () => {
  const ticket = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<a href="${agent.origin}/#/rules">look</a>`);
  });
  await new Promise<void>((resolve) => ticket.listen(0, '127.0.0.1', resolve));
  const { port } = ticket.address() as AddressInfo;
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await page.locator('.group').first().waitFor();
  await page.goto(`http://localhost:${port}/`);
  await page.getByRole('link', { name: 'look' }).click();
  await page.getByRole('heading', { level: 1, name: 'Rules' }).waitFor({ timeout: 20_000 });
  await page.getByRole('row', { name: 'Sensitive file read' }).waitFor();
  ticket.closeAllConnections();
  await new Promise((resolve) => ticket.close(resolve));
});

test('an alert of another source says that there is no process', async () => {
  await using window = await browser.window();
  const { page } = window;
  await page.goto(agent.link());
  await page.locator('.group').first().waitFor();
  const time = BigInt(Date.now()) * 1_000_000n;
  const alert = { time, rule: 'Secret read', priority: 'Notice', source: 'k8s_audit' } as const;
  agent.page.board.write({ ...alert, tags: [], hostname: 'node', message: 'robot read a secret', fields: [] });
  await page.getByRole('link', { name: 'Secret read' }).click();
  await page.getByText('Alerts of this source have no process.').waitFor();
});
