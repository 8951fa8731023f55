// What the journal and captures say of the machine that they are of, and of events that never reached them.

import { release } from 'node:os';
import type { Engine } from '../../engine/engine.ts';
import { machineAccounts } from '../../fields/account-names.ts';
import type { RecordingFacts } from '../../recording/format.ts';

/** @param hostname as alerts have it */
export function machineFacts(hostname: string): Pick<RecordingFacts, 'hostname' | 'kernel' | 'users' | 'groups'> {
  return { hostname, kernel: release(), ...machineAccounts() };
}

/** Events that the kernel dropped since the start; 0 without an engine. */
export function droppedEvents(engine: Engine | undefined): number {
  return engine?.counters?.capture.dropped.reduce((sum, each) => sum + each, 0) ?? 0;
}
