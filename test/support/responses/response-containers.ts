// Containers that responses act on, and what comes of it.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import type { Outcome, Target } from '../../../host/responses/action.ts';
import { findGroups, processesOf } from '../../../host/responses/cgroups/container-groups.ts';
import { findHierarchies } from '../../../host/responses/cgroups/hierarchies.ts';
import { Container } from '../live/live-container.ts';

const boxes: Container[] = [];
after(() => {
  for (const box of boxes) box.stop();
});

/** One that is stopped when the tests of the file have ended. */
export function container(...options: ConstructorParameters<typeof Container>): Container {
  const made = new Container(...options);
  boxes.push(made);
  return made;
}

/** A match in the container, whose process has ended since. */
export function targetIn({ id }: Container, more: Partial<Target> = {}): Target {
  return {
    pid: 0,
    execTime: 1n,
    executable: '/bin/cat',
    container: id,
    containerName: 'box',
    labels: new Map(),
    pod: undefined,
    isIncomplete: false,
    ...more,
  };
}

export function assertDone(outcome: Outcome): asserts outcome is Extract<Outcome, { kind: 'done' }> {
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
}

export function whyRefused(outcome: Outcome): string {
  return outcome.kind === 'refused' ? outcome.why : JSON.stringify(outcome);
}

/** All of them. */
export async function processesIn({ id }: Container): Promise<number[]> {
  const { freezer, unified } = await findGroups(await findHierarchies(), id, 0);
  return await processesOf((freezer ?? unified)?.folder ?? '/nowhere');
}
