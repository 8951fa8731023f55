// The actions that this version can perform. What is not here can not be configured.

import { ACTION_KINDS, type ActionKind } from './settings.ts';

/** Actions of the agent, when an alert is raised. */
export const HOST_ACTIONS: readonly ActionKind[] = ACTION_KINDS.filter((kind) => kind !== 'deny');

/** Actions of BPF programs, for rules that the kernel can decide exactly. */
export const KERNEL_ACTIONS: readonly ActionKind[] = ['kill_process', 'deny'];
