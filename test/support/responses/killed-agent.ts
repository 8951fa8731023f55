// Agents that are killed in the middle of an action: a process of its own for each (response-child.ts).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ActionKind } from '../../../host/responses/settings.ts';

const CHILD = fileURLToPath(new URL('./response-child.ts', import.meta.url));

/** Of each action. WASPREY_KILLS sets another number. */
export function numberOfKills(usual: number): number {
  return Number(process.env.WASPREY_KILLS ?? usual);
}

/** Points of time, spread over a lap and a little more. */
export function* killTimes(lap: number, kills: number): Generator<number> {
  for (let kill = 0; kill < kills; kill++) yield (lap * 1.2 * kill) / kills + Math.random();
}

export interface KilledAgent {
  /** Of its ledger. */
  readonly folder: string;
  /** A BPF file system. */
  readonly bpf?: string;
  readonly action: ActionKind;
  readonly container?: string;
  readonly pid?: number;
  /** Who it asks: `kubeconfig:PATH`, `cri:SOCKET` or `docker:SOCKET`. */
  readonly asks?: string;
}

/** No action takes longer. */
const LONGEST_MS = 60_000;

interface Run {
  /** `ready`, then `done` or why not, then `undone` if there is something to undo. */
  readonly printed: string;
  /** Of its action. */
  readonly milliseconds: number;
}

/** Kills it after so many ms of its action. Resolves to what it has printed. */
export async function actAndKill(agent: KilledAgent, killAfterMs: number): Promise<string> {
  return (await run(agent, killAfterMs)).printed;
}

/** How long its action takes if it is not killed. Throws if it is not done. */
export async function timeAction(agent: KilledAgent): Promise<number> {
  const { printed, milliseconds } = await run(agent, LONGEST_MS);
  assert.match(printed, /^ready\ndone\n(undone\n)?$/);
  return milliseconds;
}

async function run(agent: KilledAgent, killAfterMs: number): Promise<Run> {
  const { folder, bpf = '', action, container = '', pid = 0, asks = '' } = agent;
  const child = spawn(process.execPath, [CHILD, folder, bpf, action, container, String(pid), asks], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += data;
  });
  const ended = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), ended]);
  assert.notEqual(printed, '', 'it ended before its action');
  const began = performance.now();
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await ended;
  clearTimeout(timer);
  return { printed, milliseconds: performance.now() - began };
}
