// What an action is: behaviour that rules tell of, acted out harmlessly, as data.

import type { Step } from './steps.ts';

/** What is an action's own while it is performed. */
export interface Scene {
  /** Letters and digits that nothing else on the machine has: an alert with this text in its output is the action's. */
  readonly marker: string;
  /** Absolute path of an empty folder; the marker is in it. It is removed afterwards. */
  readonly directory: string;
  /** Absolute path of act. */
  readonly act: string;
}

/** What an action can't do without. */
export interface Needs {
  readonly root?: true;
  /** All capabilities, as `--privileged` gives them. */
  readonly privileged?: true;
  /** Without `CAP_`. */
  readonly capabilities?: readonly string[];
  /** Names of programs in PATH. */
  readonly programs?: readonly string[];
  /** Absolute paths. */
  readonly files?: readonly string[];
}

export interface Behaviour {
  /**
   * Performed one after the other by one run of act. The run's command line ends with the marker, and so does that of
   * every process that goes on with the steps; a program that they start has the marker only if it is among its arguments.
   */
  steps(scene: Scene): readonly Step[];
  /** Paths outside of the scene's directory that the steps make; each has the marker in it. They are removed afterwards. */
  leaves?(scene: Scene): readonly string[];
}

export interface Action extends Behaviour {
  /** In kebab case. */
  readonly name: string;
  /** What it does, as a clause in the third person: `opens /etc/shadow for reading`. */
  readonly description: string;
  readonly where: 'host' | 'container' | 'any';
  readonly needs?: Needs;
  /** Names of the stock rules that fire. */
  readonly rules: readonly string[];
  /** Names of the rules that come with Wasprey and fire too. */
  readonly ownRules?: readonly string[];
}

/** All rules that tell of an action. */
export function rulesOf({ rules, ownRules = [] }: Action): string[] {
  return [...rules, ...ownRules];
}
