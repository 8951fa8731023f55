// A process that performs one action on a container, or on the pod of pod-scene.ts, to be killed at any moment: see killed-agent.ts.

import type { ActionKind } from '../../../host/responses/settings.ts';
import { POD, podsBy } from '../servers/pod-scene.ts';
import { actorsAsking, isolatingBelow, openPerformer, responseOf, SET_LABELS } from './response-scene.ts';

/** Of stop_container. */
const GRACE_MS = 1000;

const [, , folder = '', bpf = '', action = '', container = '', pid = '0', asks = ''] = process.argv;
const more = asks === '' ? isolatingBelow(bpf) : actorsAsking(asks);
const { performer } = await openPerformer(folder, () => 1n, {}, process.pid, more);
const isOnPod = action.endsWith('_pod');
// Its client takes longer to be loaded than all that follows.
if (isOnPod) await podsBy(asks.slice('kubeconfig:'.length)).find(POD);
process.stdout.write('ready\n');
const response = responseOf(action as ActionKind, { labels: SET_LABELS, graceMs: GRACE_MS });
const outcome = await performer.perform(response, {
  pid: Number(pid),
  execTime: 1n,
  executable: '',
  container,
  containerName: '',
  labels: new Map(),
  pod: isOnPod ? POD : undefined,
  isIncomplete: false,
});
process.stdout.write(`${outcome.kind === 'done' ? 'done' : JSON.stringify(outcome)}\n`);
const inForce = await performer.list();
for (const { id } of inForce) await performer.undo(id);
if (inForce.length > 0) process.stdout.write('undone\n');
