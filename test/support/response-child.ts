// A process that performs one action on a container, or on the pod of pod-scene.ts, to be killed at any moment: FOLDER BPF ACTION CONTAINER PID
// [KUBECONFIG]

import type { ActionKind } from '../../host/responses/settings.ts';
import { POD, podsBy } from './pod-scene.ts';
import { isolatingBelow, labellingBy, openPerformer, responseOf, SET_LABELS } from './response-scene.ts';

const [, , folder = '', bpf = '', action = '', container = '', pid = '0', kubeconfig] = process.argv;
const more = kubeconfig === undefined ? isolatingBelow(bpf) : labellingBy(kubeconfig);
const { performer } = await openPerformer(folder, () => 1n, {}, process.pid, more);
// Its client takes longer to be loaded than all that follows.
if (kubeconfig !== undefined) await podsBy(kubeconfig).find(POD);
process.stdout.write('ready\n');
const outcome = await performer.perform(responseOf(action as ActionKind, { labels: SET_LABELS }), {
  pid: Number(pid),
  execTime: 1n,
  executable: '',
  container,
  containerName: '',
  labels: new Map(),
  pod: kubeconfig === undefined ? undefined : POD,
  isIncomplete: false,
});
process.stdout.write(`${outcome.kind === 'done' ? 'done' : JSON.stringify(outcome)}\n`);
const inForce = await performer.list();
for (const { id } of inForce) await performer.undo(id);
if (inForce.length > 0) process.stdout.write('undone\n');
