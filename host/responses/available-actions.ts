// The actions that this version can perform. What is not here can not be configured.

import { ACTION_KINDS, type ActionKind } from './settings.ts';

/** By the agent, when an alert is raised. */
export const HOST_ACTIONS: readonly ActionKind[] = ACTION_KINDS.filter((kind) => kind !== 'deny');

/**
 * By programs in the kernel: none, though the capture can (test/live/enforcement.test.ts). README.md has what they would do wrong. To be enabled are
 * kill_process and deny.
 */
export const KERNEL_ACTIONS: readonly ActionKind[] = [];
