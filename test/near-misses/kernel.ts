// What comes close to the actions of host/generate/actions/kernel.ts.

import { PTRACE_SEIZE, UFFD_USER_MODE_ONLY } from '../../host/generate/actions/kernel.ts';
import { str } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

const PTRACE_DETACH = 17;

export const KERNEL_NEAR_MISSES: NearMisses = {
  'attach-to-process': [
    {
      what: 'a request that neither attaches nor writes',
      steps: () => [['@fork'], ['ptrace', PTRACE_DETACH, 'parent', 0, 0]],
      mayBeRefused: true,
    },
  ],
  'keep-debuggers-out': [
    { what: 'attaching to another', steps: () => [['@fork'], ['ptrace', PTRACE_SEIZE, 'parent', 0, 0]] },
  ],
  'load-kernel-module': [
    {
      what: 'without CAP_SYS_MODULE',
      needs: {},
      rules: ['Linux Kernel Module Injection Detected'],
      steps: () => [['finit_module', -1, str(''), 0]],
      mayBeRefused: true,
    },
  ],
  'take-over-page-faults': [{ what: 'as root', steps: () => [['userfaultfd', UFFD_USER_MODE_ONLY]] }],
};
