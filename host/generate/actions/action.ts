// An action: behaviour that rules detect, performed harmlessly, described as data.

import type { Step } from './steps.ts';

/** Resources of an action while it is performed. */
export interface Scene {
  /** Letters and digits that are unique on the machine: an alert with this text in its output belongs to the action. */
  readonly marker: string;
  /** Absolute path of an empty folder whose name contains the marker. It is removed afterwards. */
  readonly directory: string;
  /** Absolute path of act. */
  readonly act: string;
}

/** Requirements of an action. */
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
   * every process that continues the steps; a program that they start has the marker only if it is among its arguments.
   */
  steps(scene: Scene): readonly Step[];
  /** Paths outside of the scene's directory that the steps create; each contains the marker. They are removed afterwards. */
  leaves?(scene: Scene): readonly string[];
}

export interface Action extends Behaviour {
  /** In kebab case. */
  readonly name: string;
  /** The behaviour, as a clause in the third person: `opens /etc/shadow for reading`. */
  readonly description: string;
  readonly where: 'host' | 'container' | 'any';
  readonly needs?: Needs;
  /** Names of the stock rules that match. */
  readonly rules: readonly string[];
  /** Names of Wasprey's rules that match. */
  readonly ownRules?: readonly string[];
}

/** All rules that detect an action. */
export function rulesOf({ rules, ownRules = [] }: Action): string[] {
  return [...rules, ...ownRules];
}
