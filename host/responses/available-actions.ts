// The actions that this version can perform. What is not here can not be configured.

import type { ActionKind } from './settings.ts';

/** By the agent, when an alert is raised. */
export const HOST_ACTIONS: readonly ActionKind[] = [
  'kill_process',
  'kill_process_tree',
  'stop_container',
  'kill_container',
  'pause_container',
  'isolate_container',
  'delete_pod',
  'label_pod',
];

/** By programs in the kernel. None before an agent has been seen to enforce on each kernel: the capture itself does (test/live/enforcement.test.ts). */
export const KERNEL_ACTIONS: readonly ActionKind[] = [];
