// The hooks of system calls that the agents of live tests use: in the guests of test/kernels each file runs with those that its guest names. There
// one process runs all files, so that it is asked each time.

import type { HooksSetting } from '../../../host/capture/hooks.ts';

export function testHooks(): HooksSetting {
  const { WASPREY_TEST_HOOKS: asked } = process.env;
  return asked === 'fexit' || asked === 'sys_exit' ? asked : 'auto';
}
