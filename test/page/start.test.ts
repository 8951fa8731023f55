// What a newcomer sees who runs `npm start` at a terminal.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';
import { directoryForTests } from '../support/directory.ts';
import { TestBrowser } from '../support/page/page-browser.ts';
import { freePort } from '../support/servers/free-port.ts';

const browser = TestBrowser.forTests();
const folder = directoryForTests();

test('the address of the page comes first, and opens it', async () => {
  const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string };
  };
  const values = { 'console.listen': `127.0.0.1:${await freePort()}`, 'console.token_file': join(folder, 'token') };
  const options = Object.entries(values).map(([key, value]) => `-o ${key}=${value}`);
  const child = spawn('script', ['-qec', `exec ${[scripts.start, ...options].join(' ')}`, '/dev/null'], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let shown = '';
  try {
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        shown += text;
        if (/watching by/.test(shown)) resolve();
      });
    });
    const [first = ''] = shown.split(/\r?\n/).filter((line) => line.startsWith('wasprey: '));
    const [, address] =
      /^wasprey: the page \(this address opens it once\): (http:\/\/127\.0\.0\.1:\S+)$/.exec(first) ?? [];
    assert.ok(address !== undefined, shown);
    await using window = await browser.window();
    await window.page.goto(address);
    await window.page.getByText('live', { exact: true }).waitFor();
  } finally {
    // script(1) ends its terminal with itself, and what runs there with that.
    const closed = child.exitCode === null ? once(child, 'close') : undefined;
    child.kill();
    await closed;
  }
});
