// Actions with what the kernel offers for debugging and extending it.

import type { Action } from './action.ts';
import { str } from './steps.ts';

const DAEMON = 1;
/** Without it, only who has CAP_SYS_PTRACE gets one, unless vm.unprivileged_userfaultfd is set. */
export const UFFD_USER_MODE_ONLY = 1;
const PTRACE_TRACEME = 0;
export const PTRACE_SEIZE = 0x4206;

export const KERNEL_ACTIONS: readonly Action[] = [
  {
    name: 'attach-to-process',
    description: 'attaches to its own parent by ptrace',
    where: 'any',
    rules: ['PTRACE attached to process'],
    steps: () => [['@fork'], ['ptrace', PTRACE_SEIZE, 'parent', 0, 0]],
  },
  {
    name: 'keep-debuggers-out',
    description: 'lets its parent trace it, so that no debugger can',
    where: 'any',
    rules: ['PTRACE anti-debug attempt'],
    steps: () => [['@fork'], ['ptrace', PTRACE_TRACEME, 0, 0, 0]],
  },
  {
    name: 'load-kernel-module',
    description: 'tries to load a kernel module, out of a descriptor that is not open',
    where: 'container',
    needs: { capabilities: ['SYS_MODULE'] },
    rules: ['Linux Kernel Module Injection Detected'],
    ownRules: ['Kernel module loaded'],
    steps: () => [['finit_module', -1, str(''), 0]],
  },
  {
    name: 'take-over-page-faults',
    description: 'makes a userfaultfd, as user daemon',
    where: 'any',
    needs: { root: true },
    rules: ['Unprivileged Delegation of Page Faults Handling to a Userspace Process'],
    steps: () => [
      ['@user', DAEMON],
      ['userfaultfd', UFFD_USER_MODE_ONLY],
    ],
  },
];
