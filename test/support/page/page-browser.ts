// Debian's Chromium, driven by the tests of the page.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { BUILD } from '../../../host/setup/paths.mjs';

/** Whoever changes the page looks at these. */
export const SCREENSHOTS = join(BUILD, 'page-screenshots');

/** For what is to come; the machine may be busy. */
const PATIENCE_MS = 60_000;

export interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** Each view is looked at in both schemes, on a phone and on a large screen. */
export const SHOWN = [
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 1280 },
  { scheme: 'light', width: 390 },
  { scheme: 'dark', width: 2560 },
] as const;

/** A window, and what went wrong in it. */
export interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, and what the policy of the page has refused. */
  readonly errors: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export class TestBrowser {
  #browser: Browser | undefined;

  /** For the tests of a file. */
  static forTests(): TestBrowser {
    const tests = new TestBrowser();
    before(async () => {
      // The tests are root's, for whom Chromium has no sandbox of its own; it opens nothing but the page.
      tests.#browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    });
    after(() => tests.#browser?.close());
    return tests;
  }

  /** A window with cookies of its own. */
  async window({ width = 1280, height = 800, scheme = 'light' }: WindowOptions = {}): Promise<Window> {
    assert.ok(this.#browser);
    const context = await this.#browser.newContext({
      ...{ viewport: { width, height }, colorScheme: scheme, timezoneId: 'Europe/Berlin', locale: 'en-GB' },
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security|Trusted/.test(message.text())) errors.push(message.text());
    });
    return { page, context, errors, [Symbol.asyncDispose]: () => context.close() };
  }
}

/** A view as it is shown to somebody: written to a file of that name, no wider than the window, and usable by all. */
export async function look(page: Page, name: string): Promise<void> {
  await screenshot(page, name);
  await assertFits(page);
  await assertAccessible(page, name);
}

/** Writes what the window shows, all of it, to a file of that name. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** Fails with what WCAG 2.2, levels A and AA, does not allow, as far as axe finds it. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  // The page's policy lets no script in, so that it is evaluated by the debugger's protocol.
  const session = await page.context().newCDPSession(page);
  const run = `${axe.source};axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ').slice(0, 600)))`;
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: run,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  assert.equal(exceptionDetails, undefined, exceptionDetails?.exception?.description);
  assert.deepEqual(result.value, [], what);
}

/** Nothing is wider than the window. */
export async function assertFits(page: Page): Promise<void> {
  const [width, room] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as [number, number];
  assert.ok(width <= room, `the page is ${width} pixels wide in a window of ${room}`);
}
