// Bounds of enforcement for tests of its tables, on a kernel without BPF LSM.

import type { EnforcementRails } from '../../../host/capture/enforcement-rails.ts';

export const RAILS: EnforcementRails = {
  observes: false,
  hosts: true,
  needsPermit: false,
  executables: [],
  runtimes: ['runc'],
  lackOfLsm: 'it was started without',
  agentPid: 2,
  perNode: { count: 1, milliseconds: 1 },
  perContainer: { count: 1, milliseconds: 1 },
};
