// A guest as tests: each step is a test, and each result in it a test within, with the name that it has there.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bootGuest } from './boot.ts';
import { type Guest, type GuestSuite, guestNamed, mayLeaveOut } from './guests.ts';
import type { Machine } from './machine.ts';
import { bootParts, resultsFolder } from './prepare.ts';
import type { Result } from './results.ts';
import { stepsOf } from './steps.ts';
import { Summary } from './summary.ts';

/** A guest that takes longer hangs: twice what one takes beside two others on a machine that has other work as well. */
const LIMIT_SECONDS = 1500;

/** From nothing, beside those of two other guests: downloads, a root, builds and compiled rules. */
const PREPARATION_SECONDS = 900;

const NICE = 10;

export function testGuest(name: string, suite: GuestSuite): void {
  const guest = guestNamed(name);
  const steps = stepsOf(guest, suite);
  const results = resultsFolder(suite);
  // Other work on the machine goes first. A guest that runs and the preparation of another are equal.
  setPriority(NICE);
  test(name, { timeout: (PREPARATION_SECONDS + LIMIT_SECONDS) * 1000 }, async (context) => {
    const began = performance.now();
    const parts = bootParts(guest, steps, results);
    context.diagnostic(`prepared in ${Math.round((performance.now() - began) / 1000)} s`);
    const summary = new Summary(name);
    let machine: Machine | undefined;
    try {
      const booted = await bootGuest(
        { ...parts, log: join(results, `${name}.log`), limitSeconds: LIMIT_SECONDS },
        (message) => context.diagnostic(message),
      );
      const { reports, first } = booted;
      machine = booted.machine;
      const state = machine.state();
      await context.test('boots', (boots) => {
        assert.ok(first?.kind === 'booted', state);
        summary.release = first.release;
        boots.diagnostic(`${name} is Linux ${first.release}, booted in ${first.seconds} s; LSM ${first.lsm}`);
      });
      for (const step of steps) {
        await context.test(step.name, (inStep) =>
          followStep(inStep, step.name, { guest, reports, machine: booted.machine, summary, folder: results }),
        );
      }
    } finally {
      summary.cpuSeconds = machine?.cpuSeconds() ?? 0;
      machine?.stop();
      rmSync(parts.initramfs, { force: true });
      writeFileSync(join(results, `${name}.json`), JSON.stringify(summary.row()));
    }
  });
}

/** Where it was thrown out here says nothing: the text has the stack in the guest. */
class FailureInGuest extends Error {
  constructor(text: string) {
    super(text);
    this.stack = text;
  }
}

interface Followed {
  readonly guest: Guest;
  readonly reports: AsyncGenerator<Result, undefined>;
  readonly machine: Machine;
  readonly summary: Summary;
  /** Gets the files that the guest sends. */
  readonly folder: string;
}

async function followStep(
  context: TestContext,
  step: string,
  { guest, reports, machine, summary, folder }: Followed,
): Promise<void> {
  let tests = 0;
  const began = machine.cpuSeconds();
  for (;;) {
    const { value: result } = await reports.next();
    if (result === undefined) assert.fail(`the guest ended during this step: ${machine.state()}`);
    summary.add(step, result);
    switch (result.kind) {
      case 'test':
        if (result.skipped !== undefined && mayLeaveOut(guest, result.skipped)) {
          context.diagnostic(`left out on this kernel: ${result.test}: ${result.skipped}`);
          break;
        }
        tests++;
        await context.test(result.test, () => {
          if (result.error !== undefined) throw new FailureInGuest(result.error);
          assert.equal(result.skipped, undefined, `${guest.name} is not known to lack this (leavesOut in guests.ts)`);
        });
        break;
      case 'note':
        context.diagnostic(result.note);
        break;
      case 'file':
        writeFileSync(join(folder, `${summary.name}.${result.file}`), result.text);
        break;
      case 'ends':
        context.diagnostic(
          `${result.seconds} s in the guest, ${(machine.cpuSeconds() - began).toFixed(1)} s of a processor`,
        );
        assert.equal(result.step, step);
        if (result.status !== undefined)
          assert.fail(`its process ended with status ${result.status}; ${machine.state()}`);
        assert.ok(tests > 0, 'no test of it was run');
        return;
      default:
        break;
    }
  }
}
