// The agent's state, asked for every two seconds while a view shows it, and what it was before: what changes by how much a second is the page's to
// find.

import { useEffect } from 'preact/hooks';
import type { ShownStatus } from '../../messages.ts';
import { ask, PATIENCE_MS } from './api.ts';
import { Signal, useSignal } from './signal.ts';

const EVERY_MS = 2_000;
/** Two minutes. */
const MOST = 60;

/** The latest last. Of one run of the agent. */
const states = new Signal<readonly ShownStatus[]>([]);
let timer: ReturnType<typeof setTimeout> | undefined;
let users = 0;
let isAsking = false;

async function poll(): Promise<void> {
  clearTimeout(timer);
  // A view that was left and opened again: the answer that is awaited continues the polling.
  if (isAsking) return;
  isAsking = true;
  const reply = await ask<ShownStatus>('status', AbortSignal.timeout(PATIENCE_MS));
  isAsking = false;
  if (reply.kind === 'done') {
    const before = states.value.filter(({ startedMs }) => Math.abs(startedMs - reply.body.startedMs) < 1_000);
    states.value = [...before, reply.body].slice(-MOST);
  }
  if (users > 0) timer = setTimeout(() => void poll(), EVERY_MS);
}

/** Empty until the first answer. */
export function useStates(): readonly ShownStatus[] {
  useEffect(() => {
    if (users++ === 0) void poll();
    return () => {
      users--;
    };
  }, []);
  return useSignal(states);
}

/** How much a number grew by a second between two states that follow each other, the latest last. */
export function rates(of: readonly ShownStatus[], read: (status: ShownStatus) => number): number[] {
  return of.slice(1).map((now, index) => {
    const before = of[index] ?? now;
    const seconds = (now.nowMs - before.nowMs) / 1000;
    return seconds > 0 ? Math.max(0, (read(now) - read(before)) / seconds) : 0;
  });
}
