// The page of `wasprey run` on this kernel, opened by what `wasprey console` prints.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { handOver } from '../../host/cli/console/hand-over.ts';
import { type RunProcess, startRun, startWasprey } from '../support/live/run-process.ts';
import { assertAccessible, screenshot, TestBrowser } from '../support/page/page-browser.ts';
import { freePort } from '../support/servers/free-port.ts';

const browser = TestBrowser.forTests();
const folder = mkdtempSync(join(tmpdir(), 'wasprey-page-live-'));
const configuration = join(folder, 'wasprey.yaml');
const marked = join(folder, 'marked');
let run: RunProcess;

/** A name that is no UTF-8, and that a page could take for its own. */
const HOSTILE = Buffer.concat([Buffer.from('<b>\u202e'), Buffer.from([0xff, 0x1b])]);

before(async () => {
  mkdirSync(marked);
  const rules = join(folder, 'rules.yaml');
  writeFileSync(
    rules,
    `- rule: Marked file made
  desc: A file was made in the marked folder.
  condition: >
    evt.type in (open, openat, openat2, creat) and evt.is_open_write = true and fd.name startswith ${marked}/
    and (proc.pname = bash or proc.aname = node) and not proc.name in (vim, emacs)
  output: "marked file made (file=%fd.name command=%proc.cmdline container=%container.name)"
  priority: WARNING
  capture: true
  capture_duration: 500
- rule: Marked folder removed
  desc: A folder was removed from the marked folder.
  condition: evt.type in (rmdir, unlinkat) and fs.path.name startswith ${marked}/
  output: "marked folder removed (folder=%fs.path.name container=%container.name)"
  priority: CRITICAL
`,
  );
  const port = await freePort();
  writeFileSync(
    configuration,
    `console: {enabled: true, listen: "127.0.0.1:${port}", token_file: ${folder}/console.token}
capture: {enabled: true, path_prefix: ${folder}/captures/capture}
journal: {enabled: true, folder: ${folder}/journal}
responses: {folder: ${folder}/responses}
rules_files: [${rules}]
json_output: true
`,
  );
  run = startRun('-c', configuration);
  await run.watches();
});
after(async () => {
  await run[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function link(): Promise<string> {
  const command = startWasprey(['console', '-c', configuration]);
  assert.equal(await command.ended, 0, command.stderr());
  return command.stdout().trim();
}

test('the address that a browser of the desktop is started with leads to the page', async () => {
  const given = await handOver(await link(), process.getuid?.() ?? 0);
  await using window = await browser.window();
  try {
    await window.page.goto(given.address);
    await window.page.getByText('live', { exact: true }).waitFor();
  } finally {
    given.close();
  }
});

function bash(script: string): void {
  execFileSync('bash', ['-c', script]);
}

test('an alert of this kernel has its processes, the lit condition, and the minute around it', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(await link());
  await page.getByText('No alert yet').waitFor();
  bash(`mkdir ${marked}/before; touch ${marked}/one; exit 0`);
  await page.getByRole('link', { name: 'Marked file made' }).click();
  await page.locator('.condition').waitFor();
  const names = await page.locator('.process strong').allTextContents();
  assert.deepEqual(names.slice(-2), ['bash', 'touch']);
  assert.ok(names.length > 2, names.join(' '));
  const part = (text: string) => page.locator('.condition li', { hasText: text }).last();
  assert.equal(await part('fd.name startswith').getAttribute('class'), 'true');
  assert.match((await part('fd.name startswith').textContent()) ?? '', new RegExp(`saw ${marked}/one$`));
  assert.equal(await part('proc.aname = node').getAttribute('class'), 'skipped');
  // The journal writes a block each second.
  const made = page.locator('.journal li', { hasText: `creates ${marked}/one` });
  const again = page.getByRole('button', { name: 'Read again' });
  await again.waitFor();
  while ((await made.count()) === 0) await again.click();
  await screenshot(page, 'live-alert-light-1280');
  await assertAccessible(page, 'an alert of this kernel');
  assert.deepEqual(errors, []);
});

test('an alert leads to its capture, which is played back while it is written', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(await link());
  bash(`touch ${marked}/captured; exit 0`);
  await page.getByRole('link', { name: 'Marked file made' }).click();
  await page.getByRole('link', { name: /capture_.*\.wsp/ }).click();
  const again = page.getByRole('button', { name: 'Read again' });
  const made = page.locator('.passing li', { hasText: `creates ${marked}/` });
  await again.waitFor();
  while ((await made.count()) === 0) await again.click();
  const fired = page.locator('.living .fired');
  await page.getByRole('button', { name: 'To the alert' }).click();
  assert.match((await fired.textContent()) ?? '', /touch .*fired/);
  await page.getByLabel('A condition, or rules').fill(`evt.is_open_create = true and fd.name startswith ${marked}/`);
  await page.getByRole('button', { name: 'Evaluate' }).click();
  await page.getByText(/It matches \d+ events?, lit/).waitFor();
  await screenshot(page, 'live-capture-light-1280');
  assert.deepEqual(errors, []);
});

test('the machine is examined as `wasprey doctor` does, while the agent goes on', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(await link());
  await page.getByRole('link', { name: 'Health' }).click();
  await page.getByRole('button', { name: 'Examine this machine' }).click();
  await page.locator('.checks tbody tr').nth(5).waitFor();
  const doctor = startWasprey(['doctor', '--json']);
  await doctor.ended;
  const { groups } = JSON.parse(doctor.stdout()) as { groups: { checks: { title: string; state: string }[] }[] };
  const found = groups.flatMap(({ checks }) => checks.map(({ title, state }) => `${state}${title}`));
  const rows = await page.locator('.checks tbody tr').evaluateAll((all) =>
    all.map((row) =>
      [...row.children]
        .slice(0, 2)
        .map(({ textContent }) => textContent)
        .join(''),
    ),
  );
  assert.deepEqual(rows, found);
  await screenshot(page, 'live-doctor-light-1280');
  await assertAccessible(page, 'the machine');
  assert.deepEqual(errors, []);
});

test('a name that is no UTF-8 and wants to be markup is a text', async () => {
  await using window = await browser.window();
  const { page, errors } = window;
  await page.goto(await link());
  mkdirSync(Buffer.concat([Buffer.from(`${marked}/`), HOSTILE]));
  execFileSync('bash', ['-c', `rmdir -- ${marked}/'<b>'*`]);
  await page.getByRole('link', { name: 'Marked folder removed' }).click();
  await page.locator('.message', { hasText: `${marked}/<b>U+202E\ufffdU+001B` }).waitFor();
  assert.equal(await page.locator('main b').count(), 0);
  assert.deepEqual(errors, []);
});

test('an address opens the page once, in one browser', async () => {
  const address = await link();
  await using one = await browser.window();
  await one.page.goto(address);
  await one.page.getByText('live', { exact: true }).waitFor();
  assert.equal(new URL(one.page.url()).hash, '#/now');
  await using other = await browser.window();
  await other.page.goto(address);
  await other.page.getByText('was used already').waitFor();
  await screenshot(other.page, 'refused-light-1280');
  await assertAccessible(other.page, 'a page that does not open');
  // The browser that has a session needs no token any more.
  await one.page.goto('about:blank');
  await one.page.goto(new URL('/', address).href);
  await one.page.getByText('live', { exact: true }).waitFor();
});

test('without an agent `wasprey console` says how to have one', async () => {
  const command = startWasprey(['console', '-o', `console.token_file=${folder}/none`]);
  assert.equal(await command.ended, 1);
  assert.match(command.stderr(), /no agent serves the page.*\n.*console\.enabled/s);
  // An agent that was killed leaves its file.
  writeFileSync(join(folder, 'stale'), `http://127.0.0.1:${await freePort()}/#token=x\n`);
  const stale = startWasprey(['console', '-o', `console.token_file=${folder}/stale`]);
  assert.equal(await stale.ended, 1);
  assert.match(stale.stderr(), /no agent serves the page at http/);
});
