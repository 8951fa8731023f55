// What looks like an action but is not what the rules mean: none of them may fire.

import type { Behaviour, Needs } from '../../host/generate/actions/action.ts';

export interface NearMiss extends Behaviour {
  /** For the name of its test: `another user's file`. */
  readonly what: string;
  /** Those of the action's rules that it comes close to, if not all. */
  readonly rules?: readonly string[];
  /** Where it is performed, if not where the action is. */
  readonly where?: 'host' | 'container';
  /** What it needs, if not what the action does: none of the capabilities, say. */
  readonly needs?: Needs;
  /** The kernel may refuse its calls: a call that fails is what comes close. */
  readonly mayBeRefused?: true;
}

/** By the name of the action. */
export type NearMisses = Readonly<Record<string, readonly [NearMiss, ...NearMiss[]]>>;

export function nearMiss(what: string, steps: Behaviour['steps'], leaves?: Behaviour['leaves']): NearMiss {
  return { what, steps, ...(leaves && { leaves }) };
}

export function onHost(behaviour: Behaviour): NearMiss {
  return { what: 'outside of containers', where: 'host', ...behaviour };
}
