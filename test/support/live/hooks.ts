// The hooks of system calls that the agents of live tests use: in the guests of test/kernels each file runs with those that its guest names.

import type { HooksSetting } from '../../../host/capture/hooks.ts';

const { WASPREY_TEST_HOOKS: asked } = process.env;

export const TEST_HOOKS: HooksSetting = asked === 'fexit' || asked === 'sys_exit' ? asked : 'auto';
