// Tells the engine's thread to load the BPF programs of a run early, while the run still verifies its rules and connects its parts.

import { machineSizes } from '../capture/sizes.ts';
import { leftOutEvents } from '../config/keys/base-syscalls.ts';
import type { IdleWorker } from '../engine/host/idle-worker.ts';
import { journalWants } from '../journal/wants.ts';
import { journalOptions } from './journal-options.ts';
import type { RunSettings } from './settings.ts';

/** @param ruleTypes event types of its rules. What it captures besides is loaded at the start, and what captures by rules need a second after it. */
export function prepareCapture(
  worker: Pick<IdleWorker, 'prepare'>,
  { configuration, ringMegabytes, sources }: RunSettings,
  ruleTypes: readonly string[],
): void {
  const leftOut = leftOutEvents(configuration.base_syscalls);
  const journal = journalOptions(configuration, sources);
  const kept = journal ? journalWants(journal.kinds, leftOut).eventTypes : [];
  const types = [...new Set([...ruleTypes.filter((type) => !leftOut.has(type)), ...kept])];
  const { hooks } = configuration.engine.wasprey;
  worker.prepare({ source: 'bpf', sizes: machineSizes(ringMegabytes), hooks }, types);
}
