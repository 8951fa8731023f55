// A tree that was to be killed when the agent ended: the next agent kills it, if it is still the one that matched.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RefusalError, type Target } from '../../../host/responses/action.ts';
import { KillProcessTree } from '../../../host/responses/actors/kill-process-tree.ts';
import type { LedgerEntry } from '../../../host/responses/ledger-entry.ts';
import type { NeverSettings, Response } from '../../../host/responses/settings.ts';
import { until } from '../../support/until.ts';

const EXEC_TIME = 5n;
const NOBODY: NeverSettings = { namespaces: [], labels: new Map(), executables: [] };

function actor(never = NOBODY): KillProcessTree {
  return new KillProcessTree({
    // No process has it: those of this test are its children.
    own: { pid: 4_194_303, container: '', podUid: '' },
    never: () => never,
    execTime: () => EXEC_TIME,
    hierarchies: () => Promise.reject(new Error('not asked for')),
  });
}

/** A shell that has a child, and runs another program when it is told to. */
async function start(): Promise<ChildProcess> {
  const shell = spawn('/bin/sh', ['-c', 'sleep 60 & echo; read go; exec sleep 61'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  assert.ok(shell.stdout);
  await once(shell.stdout, 'data');
  return shell;
}

/** What the ledger has of it. */
async function entryOf({ pid = 0 }: ChildProcess): Promise<LedgerEntry> {
  const target = { pid, execTime: EXEC_TIME, executable: '/bin/sh', container: '' } as Target;
  const deed = await actor().prepare({} as Response, target, { signal: new AbortController().signal });
  deed.close?.();
  return { kept: JSON.parse(JSON.stringify(deed.kept)) } as LedgerEntry;
}

test('it is killed', async () => {
  const shell = await start();
  const entry = await entryOf(shell);
  await Promise.all([once(shell, 'exit'), actor().finish(entry)]);
  assert.equal(shell.signalCode, 'SIGKILL');
  // There is no such process any more.
  assert.equal(await actor().finish(entry), false);
});

test('it is let be if its first process runs another program by now, or is protected', async () => {
  const shell = await start();
  try {
    const entry = await entryOf(shell);
    const isProtected = actor({ ...NOBODY, executables: [readlinkSync(`/proc/${shell.pid}/exe`)] });
    const refused = (why: string) => (error: unknown) => error instanceof RefusalError && error.why === why;
    await assert.rejects(isProtected.finish(entry), refused('protected'));
    shell.stdin?.write('\n');
    await until(
      () =>
        readlinkSync(`/proc/${shell.pid}/exe`).endsWith('sleep') ||
        readlinkSync(`/proc/${shell.pid}/exe`).includes('coreutils'),
    );
    await assert.rejects(actor().finish(entry), refused('gone'));
    await delay(20);
    assert.equal(shell.signalCode, null);
  } finally {
    if (shell.pid) process.kill(-shell.pid, 'SIGKILL');
  }
});
