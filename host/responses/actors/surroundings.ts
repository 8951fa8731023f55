// What actors of processes and containers need to know of the agent and of the machine.

import type { Hierarchies } from '../cgroups/hierarchies.ts';
import type { ExecTime } from '../processes/process-handle.ts';
import type { OwnPlace } from '../rails.ts';
import type { NeverSettings } from '../settings.ts';

export interface Surroundings {
  readonly own: OwnPlace;
  /** Protected targets, as they are configured now. */
  readonly never: () => NeverSettings;
  readonly execTime: ExecTime;
  readonly hierarchies: () => Promise<Hierarchies>;
}
