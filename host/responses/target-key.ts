// Keys of an action and its target, to compare it with actions of earlier alerts.

import type { Target } from './action.ts';
import { type ActionKind, POD_ACTIONS, type Response } from './settings.ts';

/** Key of an action and its target: equal keys are the same action. A container's id may be used again; by then nothing of it is in force. */
export function targetKey({ name, action }: Response, { pid, execTime, container, pod }: Target): string {
  switch (action) {
    case 'kill_process':
    case 'kill_process_tree':
    case 'deny':
      return `${action} ${pid} ${execTime}`;
    case 'stop_container':
    case 'kill_container':
    case 'pause_container':
    case 'isolate_container':
      return `${action} ${container}`;
    case 'delete_pod':
      return `${action} ${pod?.uid}`;
    case 'label_pod':
      return `${action} ${pod?.uid} ${name}`;
  }
}

/** Actions of the same key are done one after the other, in the order of their alerts; others do not wait for them. */
export function turnKey(action: ActionKind, { pid, container, pod }: Target): string {
  if (POD_ACTIONS.has(action)) return `pod ${pod?.uid}`;
  return container === '' ? `process ${pid}` : `container ${container}`;
}
