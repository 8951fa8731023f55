// In a cluster, the result of a change of rules is reported by an event on the agent's own pod.

import type { RuleChange } from '../agent/rules/rules-in-use.ts';
import { escapeText } from '../diagnostics/escape.ts';
import { count } from '../diagnostics/numbers.ts';
import type { KubernetesPlace } from '../metadata/kubernetes/connection.ts';
import { type OwnPod, ownPod, type PodEvent, writePodEvent } from '../metadata/kubernetes/own-pod.ts';

/**
 * Undefined outside a pod, or if the pod is unknown.
 * @param say logs failures
 */
export function ruleEvents(
  place: KubernetesPlace | false | undefined,
  say: (message: string) => void,
  pod: OwnPod | undefined = ownPod(),
): ((change: RuleChange) => void) | undefined {
  if (!place || !pod) return undefined;
  return (change) => {
    writePodEvent(place, pod, podEvent(change)).catch((error: unknown) => {
      say(`can't write an event on the pod: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
}

function podEvent(change: RuleChange): PodEvent {
  switch (change.kind) {
    case 'replaced': {
      const rules = change.modules.reduce((sum, module) => sum + module.rules, 0);
      return { type: 'Normal', reason: 'RulesReplaced', message: `${count(rules, 'rule')} in use now` };
    }
    case 'refused':
      return {
        type: 'Warning',
        reason: 'RulesRefused',
        message: `New rules were refused, the previous ones stay in use: ${escapeText(change.reason)}`,
      };
    case 'left-out':
      return {
        type: 'Warning',
        reason: 'RulesLeftOut',
        message: `Invalid rules were left out, the others are in use: ${escapeText(change.reason)}`,
      };
    case 'restored':
      return { type: 'Normal', reason: 'RulesRestored', message: 'The refused rules were removed' };
  }
}
