// The agent as who tries it starts it: `npm start`, with its page.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Side } from './falco.ts';
import { MeasuredProcess } from './measured-process.ts';

/** Longer than an alert needs. */
const ALERTED_MS = 300;

class NpmStart extends MeasuredProcess {
  constructor(rules: readonly string[], run: readonly string[]) {
    // npm does not hand SIGINT on: a terminal sends it to all.
    super('npm start', ['npm', 'start', '--', ...rules, ...run, '--json'], undefined, 'with its children');
  }

  override settled(): Promise<void> {
    return sleep(ALERTED_MS);
  }
}

/** @param run options of `wasprey run` */
export function npmStart(run: readonly string[]): Side<'npm'> {
  return { is: 'npm', spawn: (rules) => new NpmStart(rules, run) };
}
