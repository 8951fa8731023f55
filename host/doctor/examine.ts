// All checks of `wasprey doctor`.

import type { HooksSetting } from '../capture/hooks.ts';
import type { RuntimePlaces } from '../metadata/directory/runtime-places.ts';
import { checkCapture, type MissingHooksSetting } from './capture-checks.ts';
import { type CaptureTrial, tryCapture } from './capture-trial.ts';
import { type CheckGroup, type CheckState, stateOf } from './check.ts';
import { checkReceiver, type ReceiverTrial } from './receiver-check.ts';
import { checkRuntimes, findRuntimes } from './runtime-checks.ts';
import { checkSystem } from './system-checks.ts';
import { gatherSystemFacts } from './system-facts.ts';

export interface Examination {
  readonly kernelRelease: string;
  readonly architecture: string;
  /** The worst state of all checks. */
  readonly state: CheckState;
  readonly groups: readonly CheckGroup[];
  readonly trial: CaptureTrial;
}

/** What is configured besides the places of runtimes. */
export interface ExaminedSettings {
  /** Sockets of runtimes that are reported when they are missing. */
  readonly namedSockets?: readonly string[];
  /** The receiver of audit events; undefined: none is configured. */
  readonly receiver?: ReceiverTrial | undefined;
  readonly hooks?: HooksSetting;
  readonly missingHooks?: MissingHooksSetting;
}

/** @param places of the container runtimes that an agent would use */
export async function examine(places: RuntimePlaces, settings: ExaminedSettings = {}): Promise<Examination> {
  const { receiver, namedSockets, hooks, missingHooks } = settings;
  const facts = gatherSystemFacts();
  const trial = tryCapture();
  const machineChecks = checkSystem(facts, trial.failure === undefined);
  const machineFails = stateOf(machineChecks) === 'fails';
  const groups = [
    { title: 'Machine', checks: machineChecks },
    { title: 'Containers', checks: checkRuntimes(await findRuntimes(places, namedSockets), places) },
    { title: 'Capture', checks: checkCapture(trial, hooks, missingHooks, machineFails, facts.serviceCapabilities) },
    ...(receiver ? [{ title: 'Sessions', checks: [checkReceiver(receiver)] }] : []),
  ];
  const { kernelRelease, architecture } = facts.machine;
  return { kernelRelease, architecture, state: stateOf(groups.flatMap(({ checks }) => checks)), groups, trial };
}
