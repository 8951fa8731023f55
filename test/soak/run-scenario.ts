// Runs one scenario within its time, and takes away what it has made, however it ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Check, type Figure, type Outcome, type Scenario, SoakError } from './scenario.ts';

export interface RunOptions {
  readonly quick: boolean;
  readonly progress: (text: string) => void;
  /** Ends it early; it has failed then. */
  readonly interrupted: AbortSignal;
}

/** Never rejects for what the agent does wrong: that is a check that did not hold. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const { quick, progress, interrupted } = options;
  const figures: Figure[] = [];
  const checks: Check[] = [];
  const cleanUp = new CleanUp(progress);
  const folder = mkdtempSync(join(tmpdir(), `wasprey-soak-${scenario.name}-`));
  cleanUp.add(() => rmSync(folder, { recursive: true, force: true }));
  const began = performance.now();
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(() => over.reject(new SoakError('not done in time')), scenario.seconds * 1000);
  const interrupt = (): void => over.reject(new SoakError('interrupted'));
  interrupted.addEventListener('abort', interrupt);
  over.promise.catch(() => {}); // it may be interrupted at the very end
  const must = (what: string, held: boolean, found: string) => void checks.push({ what, held, found });
  try {
    const work = scenario.run({
      quick,
      folder,
      figure: (what, value) => void figures.push({ what, value }),
      must,
      progress,
      atEnd: (action) => cleanUp.add(action),
    });
    work.catch(() => {}); // once time is over, nobody waits for it
    await Promise.race([work, over.promise]);
  } catch (error) {
    must(`done within ${scenario.seconds} s`, false, reasonOf(error));
  } finally {
    clearTimeout(timer);
    interrupted.removeEventListener('abort', interrupt);
    await cleanUp.run();
  }
  return { figures: [...figures], checks: [...checks], seconds: (performance.now() - began) / 1000 };
}

/** What is to be taken away, the last first. */
class CleanUp {
  readonly #progress: (text: string) => void;
  readonly #actions: (() => unknown)[] = [];
  #over = false;

  constructor(progress: (text: string) => void) {
    this.#progress = progress;
  }

  /** Once all else is taken away, a scenario whose time was over may still come by something. */
  add(action: () => unknown): void {
    if (this.#over) void this.#attempt(action);
    else this.#actions.push(action);
  }

  async run(): Promise<void> {
    this.#over = true;
    for (const action of this.#actions.reverse()) await this.#attempt(action);
  }

  /** What could not be taken away must not keep the others from running. */
  async #attempt(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#progress(`could not be taken away: ${reasonOf(error)}`);
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SoakError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
