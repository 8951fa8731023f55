// Activity on the page: sessions of the journal by user and pod, and one of them with its commands, files and connections.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { text } from '../../host/fields/value.ts';
import { type PageAgent, startPageAgent } from '../support/page/page-agent.ts';
import { look, SHOWN, TestBrowser } from '../support/page/page-browser.ts';
import { HOSTILE, STORY_RULES } from '../support/page/page-story.ts';
import { Folder } from '../support/records/recordings.ts';
import { CONTAINER_ID, Story } from '../support/records/story.ts';

const browser = TestBrowser.forTests();
const folder = new Folder();
let agent: PageAgent;
/** When a file was read in the pod. */
let fired = 0n;
before(async () => {
  writeFileSync(folder.file('journal-1.wsp'), journal());
  agent = await startPageAgent(STORY_RULES, { journal: folder.path });
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** A minute ago: a login by ssh that goes on by su, and an exec into a pod. */
function journal(): Buffer {
  const inPod = { pid_namespace: 0xf0000154, cgroup: `/kubepods/pod1/${CONTAINER_ID}` };
  const names = { container: CONTAINER_ID, containerType: 'containerd' };
  const story = new Story(BigInt(Date.now() - 60_000) * 1_000_000n)
    .snapshot(1, 0, '/usr/lib/systemd/systemd', { cgroup: '/init.scope' })
    .snapshot(50, 1, '/usr/sbin/sshd -D', { cgroup: '/system.slice/ssh.service' })
    .snapshot(71, 1, '/usr/bin/containerd-shim-runc-v2', { cgroup: '/system.slice/containerd.service' })
    .snapshot(90, 71, '/usr/sbin/nginx', { ...inPod, vpid: 1 }, names)
    .container('web', { pod_name: 'web-0', pod_namespace: 'shop', image: 'shop/web:1.2' })
    .fork(60, 50)
    .exec(60, '/usr/bin/bash', { uid: 1000, login_uid: 1000, tty: 34816 }, { user: 'alice', login: 'alice' })
    .run(61, 60, ['curl', '-H', 'Authorization: Bearer geheim', 'http://192.0.2.7/x'])
    .connected(61, [192, 0, 2, 7], 80)
    .wrote(61, `/tmp/${HOSTILE}`)
    .exit(61, 1 << 8)
    .run(62, 60, '/usr/bin/su root')
    .exec(62, '/usr/bin/su root', { uid: 0 }, { user: 'root' })
    .run(63, 62, '/usr/bin/id')
    .exit(63)
    .run(100, 71, '/usr/sbin/runc exec --process p 0123')
    .fork(101, 100, { pid_namespace: 0xf0000154, vpid: 14 })
    .change(101, inPod, names)
    .exec(101, 'sh')
    .exit(100)
    .run(102, 101, ['cat', '/etc/shadow', HOSTILE]);
  fired = story.now;
  return story.exit(102).bytes;
}

async function openActivity(page: Page): Promise<void> {
  await page.goto(agent.link());
  await page.getByRole('link', { name: 'Activity' }).click();
  await page.locator('.sessions tbody tr').first().waitFor();
}

function rowOf(page: Page, kind: string) {
  return page.locator('.sessions tbody tr').filter({ has: page.getByRole('cell', { name: kind, exact: true }) });
}

for (const { scheme, width } of SHOWN) {
  test(`activity at ${width} pixels, ${scheme}`, async () => {
    await using window = await browser.window({ scheme, width });
    const { page, errors } = window;
    await openActivity(page);
    await look(page, `activity-${scheme}-${width}`);
    await rowOf(page, 'ssh').getByRole('link').click();
    await page.locator('.commands > li').nth(1).waitFor();
    await look(page, `session-${scheme}-${width}`);
    assert.deepEqual(errors, []);
  });
}

for (const { scheme, width } of SHOWN) {
  test(`the session of an alert at ${width} pixels, ${scheme}`, async () => {
    await using window = await browser.window({ scheme, width });
    const { page, errors } = window;
    await page.goto(agent.link());
    const details = Object.entries({ 'proc.name': 'cat', 'proc.pid': '102', 'proc.aname[1]': 'sh' });
    agent.page.board.write({
      ...{ time: fired, rule: 'Sensitive file read', priority: 'Warning', source: 'syscall', hostname: 'node' },
      ...{ tags: [], message: 'cat read /etc/shadow', fields: [] },
      details: details.map(([key, value]) => ({ key, value: text(value) })),
    });
    await page.getByRole('link', { name: 'Sensitive file read' }).click();
    await page.getByRole('button', { name: 'Show the whole session' }).click();
    const rows = page.locator('.living li');
    await rows.nth(1).waitFor();
    assert.deepEqual(await rows.evaluateAll((all) => all.map(({ className }) => className)), ['branch', 'fired']);
    assert.match((await rows.last().textContent()) ?? '', /^102 cat \/etc\/shadow .*\+0\.000 sfired$/);
    await look(page, `alert-session-${scheme}-${width}`);
    const exec = page.getByRole('link', { name: /^exec / });
    await exec.click();
    await page.locator('.commands > li').nth(1).waitFor();
    assert.deepEqual(errors, []);
  });
}

test('sessions are found by words, and grouped by user and by pod', async () => {
  await using window = await browser.window();
  const { page } = window;
  await openActivity(page);
  assert.match(
    (await rowOf(page, 'exec').textContent()) ?? '',
    /in pod shop\/web-0, container web.*sh; cat \/etc\/shadow/,
  );
  await page.getByRole('combobox', { name: 'Group by' }).selectOption('user');
  await page.getByRole('heading', { level: 2, name: 'alice' }).waitFor();
  await page.getByRole('combobox', { name: 'Group by' }).selectOption('place');
  await page.getByRole('heading', { level: 2, name: 'shop/web-0' }).waitFor();
  await page.getByLabel('Words').fill('web-0 shadow');
  await rowOf(page, 'ssh').waitFor({ state: 'detached' });
  assert.equal(await page.locator('.sessions tbody tr').count(), 1);
  await page.getByLabel('Words').fill('nothing of this');
  await page.getByText('No session matches the filter').waitFor();
  await page.getByRole('combobox', { name: 'Of the last' }).selectOption('15m');
  await page.waitForURL(/#\/activity\/15m$/);
});

test('a session has its commands as a tree, with files and connections, without secrets; by the keyboard alone', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await openActivity(page);
  await rowOf(page, 'ssh').getByRole('link').focus();
  await page.keyboard.press('Enter');
  const curl = page.locator('.commands > li', { hasText: 'curl' });
  await curl.waitFor();
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
  assert.match((await curl.textContent()) ?? '', /Bearer \*\*\*.*exit 1.*-> 192\.0\.2\.7:80 tcp/);
  assert.equal(await curl.locator('.command .indent').count(), 1);
  assert.match((await curl.getByRole('img').getAttribute('aria-label')) ?? '', /^it took \d\.\d{3} s$/);
  assert.match((await curl.textContent()) ?? '', /<img src=x onerror=alert\(1\)>/);
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.doesNotMatch((await page.locator('main').textContent()) ?? '', /geheim/);
  // What was entered from it by su is a session of its own.
  await page.getByRole('link', { name: /^su / }).click();
  await page.locator('.commands > li', { hasText: '/usr/bin/id' }).waitFor();
  assert.deepEqual(errors, []);
});

test('a journal that is off, that is empty, and a session that is gone, say so', async () => {
  await using window = await browser.window();
  const { page } = window;
  await using off = await startPageAgent(STORY_RULES);
  await page.goto(off.link());
  await page.getByRole('link', { name: 'Activity' }).click();
  await page.getByText('Nothing: the journal is off').waitFor();
  const place = folder.file('empty');
  mkdirSync(place);
  await using empty = await startPageAgent(STORY_RULES, { journal: place });
  await page.goto(empty.link());
  await page.goto(`${empty.origin}/#/activity/1h`);
  await page.getByText('Nobody did anything in that time').waitFor();
  rmSync(place, { recursive: true });
  await page.getByRole('button', { name: 'Read again' }).click();
  await page.getByText(/Nothing: .*no such file/).waitFor();
  await page.goto(agent.link());
  await page.goto(`${agent.origin}/#/activity/1h/00000000`);
  await page.getByText('the journal has no such session in that time').waitFor();
});
