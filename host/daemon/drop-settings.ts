// The configured actions for lost events.

import type { DropSettings } from '../agent/watches/drop-watch.ts';
import type { Configuration } from '../config/definition.ts';

/** Why a run ends: events were lost, and the configuration wants that to be the end. */
export interface DropExit {
  readonly code: 'EVENTS_DROPPED';
  readonly message: string;
}

export function dropExit(message: string): DropExit {
  const why = 'the agent stops, because events were lost and syscall_event_drops.actions has exit';
  return { code: 'EVENTS_DROPPED', message: `${why}: ${message}` };
}

export function dropSettings({ syscall_event_drops: drops }: Configuration): DropSettings {
  const { threshold, actions, rate, max_burst: burst, simulate_drops: simulated } = drops;
  return { threshold, actions: actions.filter((action) => action !== 'ignore'), rate, burst, simulated };
}
