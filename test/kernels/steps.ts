// What is done in a guest, in this order. KERNELS_DO names some, with commas, for a developer who wants only those.

import { falcoRules } from './falco-rules.ts';
import type { Guest } from './guests.ts';

export interface Step {
  readonly name: string;
  /** A test file, by its path in the project. */
  readonly file: string;
  /** One that takes longer hangs: four times what it takes on a machine that is busy. */
  readonly limitSeconds: number;
  /** What is done here first, so that the guest finds its rules compiled (prime.ts): they are compiled, or the step is begun here. */
  readonly primedBy?: 'itself' | { readonly rules: readonly string[] };
}

const GUEST = 'test/kernels/guest';

/** Live files that start no agent, so that there are no rules to compile before. */
const WITHOUT_AGENT: readonly string[] = ['isolate', 'responses-cgroups'];

export function stepsOf(guest: Guest, only = process.env.KERNELS_DO): Step[] {
  const all: Step[] = [
    { name: 'programs', file: `${GUEST}/programs.ts`, limitSeconds: 300 },
    {
      name: 'hooks',
      file: `${GUEST}/hooks.ts`,
      limitSeconds: 600,
      primedBy: { rules: ['rules', `${GUEST}/hooks.yaml`] },
    },
    {
      name: 'generate',
      file: `${GUEST}/generate.ts`,
      limitSeconds: 600,
      primedBy: { rules: ['rules', ...falcoRules()] },
    },
    { name: 'doctor', file: `${GUEST}/doctor.ts`, limitSeconds: 300 },
    ...guest.live.map((name) => ({
      name: `live ${name}`,
      file: `test/live/${name}.test.ts`,
      limitSeconds: 900,
      ...(!WITHOUT_AGENT.includes(name) && { primedBy: 'itself' as const }),
    })),
  ];
  const wanted = only?.split(',').map((name) => name.trim());
  return wanted ? all.filter(({ name }) => wanted.includes(name)) : all;
}
