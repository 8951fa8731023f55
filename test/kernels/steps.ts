// What is done in a guest, in this order. KERNELS_DO names some, with commas, for a developer who wants only those.

import type { HooksKind } from '../../host/capture/native.ts';
import { falcoRules } from './falco-rules.ts';
import type { Guest, GuestSuite } from './guests.ts';

export interface Step {
  readonly name: string;
  /** A test file, by its path in the project. */
  readonly file: string;
  /** One that takes longer hangs: four times what it takes on a machine that is busy. */
  readonly limitSeconds: number;
  /** What its agents use (test/support/live/hooks.ts). */
  readonly hooks: HooksKind;
  /** What is done here first, so that the guest finds its rules compiled (prime.ts): they are compiled, or the step is begun here. */
  readonly primedBy?: 'itself' | { readonly rules: readonly string[] };
}

const GUEST = 'test/kernels/guest';

/** Live files that start no agent, so that there are no rules to compile before. */
const WITHOUT_AGENT: readonly string[] = ['isolate', 'responses-cgroups'];

export function stepsOf(guest: Guest, suite: GuestSuite, only = process.env.KERNELS_DO): Step[] {
  const steps = suite === 'kernels' ? kernelSteps(guest) : featureSteps(guest);
  const wanted = only?.split(',').map((name) => name.trim());
  return wanted ? steps.filter(({ name }) => wanted.includes(name)) : steps;
}

function kernelSteps({ live }: Guest): Step[] {
  if (live === undefined) return [];
  return [
    PROGRAMS,
    hooksStep('sys_exit'),
    generate('sys_exit'),
    DOCTOR,
    ...live.map((name) => liveStep(name, 'sys_exit')),
  ];
}

function featureSteps({ live, features }: Guest): Step[] {
  if (features === undefined) return [];
  return [
    ...(live ? [] : [PROGRAMS, DOCTOR]),
    ...(features.stepHooks ? [hooksStep(features.stepHooks)] : []),
    ...(features.stepGenerate ? [generate(features.stepGenerate)] : []),
    ...(features.stepPackage ? [PACKAGE] : []),
    ...features.sys_exit.map((name) => liveStep(name, 'sys_exit')),
    ...features.fexit.map((name) => liveStep(name, 'fexit')),
  ];
}

const PROGRAMS: Step = {
  name: 'programs',
  file: `${GUEST}/programs.ts`,
  limitSeconds: 300,
  hooks: 'sys_exit',
};

function hooksStep(hooks: HooksKind): Step {
  return {
    name: 'hooks',
    file: `${GUEST}/hooks.ts`,
    limitSeconds: 600,
    hooks,
    primedBy: { rules: ['rules', `${GUEST}/hooks.yaml`] },
  };
}

const DOCTOR: Step = { name: 'doctor', file: `${GUEST}/doctor.ts`, limitSeconds: 300, hooks: 'sys_exit' };

const PACKAGE: Step = { name: 'package', file: `${GUEST}/package.ts`, limitSeconds: 300, hooks: 'sys_exit' };

/** Whether the guest needs the files of the package. */
export function usesPackage(steps: readonly Step[]): boolean {
  return steps.includes(PACKAGE);
}

function generate(hooks: HooksKind): Step {
  return {
    name: 'generate',
    file: `${GUEST}/generate.ts`,
    limitSeconds: 600,
    hooks,
    primedBy: { rules: ['rules', ...falcoRules()] },
  };
}

function liveStep(name: string, hooks: HooksKind): Step {
  return {
    name: `live ${name}`,
    file: `test/live/${name}.test.ts`,
    limitSeconds: 900,
    hooks,
    ...(!WITHOUT_AGENT.includes(name) && { primedBy: 'itself' as const }),
  };
}
