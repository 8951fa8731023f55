// What of a run's settings the page needs.

import type { Configuration } from '../../config/definition.ts';
import type { RuleSelection } from '../rules/rule-selection.ts';

export interface ConsoleSettings {
  readonly configuration: Configuration;
  readonly modules: readonly string[];
  readonly ruleFiles: readonly string[];
  readonly selection: RuleSelection;
}
