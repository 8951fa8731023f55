// Opens the page in the browser of this machine's desktop.

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { type Caller, type Desktop, desktopOf } from './desktop.ts';
import { handOver } from './hand-over.ts';

/** A browser that was not running may take its time. */
const PATIENCE_MS = 20_000;

/** Opens the page on a desktop. The address was printed before: without a desktop or a browser it is opened by hand. */
export async function openPage(link: string, terminal: Terminal, stop?: AbortSignal): Promise<void> {
  const caller: Caller = {
    environment: process.env,
    isInteractive: terminal.interactive,
    uid: process.getuid?.() ?? 0,
  };
  const desktop = desktopOf(caller);
  if (!desktop) return;
  const isOpen = await openOn(desktop, link, { ...(stop && { stop }) });
  if (stop?.aborted) return;
  terminal.say(isOpen ? 'The browser has opened it.\n' : 'No browser has opened it: open the address above.\n');
}

export interface OpenOptions {
  readonly patienceMs?: number;
  readonly stop?: AbortSignal;
}

/** @returns whether a browser has taken the address */
export async function openOn(
  desktop: Desktop,
  link: string,
  { patienceMs = PATIENCE_MS, stop }: OpenOptions = {},
): Promise<boolean> {
  const given = await handOver(link, desktop.uid);
  const end = new AbortController();
  const signal = stop ? AbortSignal.any([stop, end.signal]) : end.signal;
  try {
    return await Promise.race([
      given.taken.then(() => true),
      failureOf(desktop, given.address).then(() => false),
      sleep(patienceMs, false, { signal }).catch(() => false),
    ]);
  } finally {
    end.abort();
    given.close();
  }
}

/** Resolves when the opener fails. One that ends well has passed the address on; others become the browser, and go on. */
function failureOf({ opener, environment, uid, gid }: Desktop, address: string): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(opener, [address], {
      env: { ...environment },
      stdio: 'ignore',
      detached: true,
      ...(gid !== undefined && { uid, gid, cwd: '/' }),
    });
    child.once('error', () => resolve());
    child.once('exit', (status) => {
      if (status !== 0) resolve();
    });
    child.unref();
  });
}
