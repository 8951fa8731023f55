// Actions with what the kernel offers for debugging and extending it.

import type { Action } from './action.ts';
import { str } from './steps.ts';

const DAEMON = 1;
/** Without it, only who has CAP_SYS_PTRACE gets one, unless vm.unprivileged_userfaultfd is set. */
const UFFD_USER_MODE_ONLY = 1;
const PTRACE_TRACEME = 0;
const PTRACE_DETACH = 17;
const PTRACE_SEIZE = 0x4206;

export const KERNEL_ACTIONS: readonly Action[] = [
  {
    name: 'attach-to-process',
    description: 'attaches to its own parent by ptrace',
    where: 'any',
    rules: ['PTRACE attached to process'],
    steps: () => [['@fork'], ['ptrace', PTRACE_SEIZE, 'parent', 0, 0]],
    nearMisses: [
      {
        what: 'a request that neither attaches nor writes',
        steps: () => [['@fork'], ['ptrace', PTRACE_DETACH, 'parent', 0, 0]],
        mayBeRefused: true,
      },
    ],
  },
  {
    name: 'keep-debuggers-out',
    description: 'lets its parent trace it, so that no debugger can',
    where: 'any',
    rules: ['PTRACE anti-debug attempt'],
    steps: () => [['@fork'], ['ptrace', PTRACE_TRACEME, 0, 0, 0]],
    nearMisses: [{ what: 'attaching to another', steps: () => [['@fork'], ['ptrace', PTRACE_SEIZE, 'parent', 0, 0]] }],
  },
  {
    name: 'load-kernel-module',
    description: 'tries to load a kernel module, out of a descriptor that is not open',
    where: 'container',
    needs: { capabilities: ['SYS_MODULE'] },
    rules: ['Linux Kernel Module Injection Detected'],
    ownRules: ['Kernel module loaded'],
    steps: () => [['finit_module', -1, str(''), 0]],
    nearMisses: [
      {
        what: 'without CAP_SYS_MODULE',
        needs: {},
        rules: ['Linux Kernel Module Injection Detected'],
        steps: () => [['finit_module', -1, str(''), 0]],
        mayBeRefused: true,
      },
    ],
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
    nearMisses: [{ what: 'as root', steps: () => [['userfaultfd', UFFD_USER_MODE_ONLY]] }],
  },
];
