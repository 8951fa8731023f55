// A process that performs one action on a container, to be killed at any moment: FOLDER BPF ACTION CONTAINER PID

import type { ActionKind } from '../../host/responses/settings.ts';
import { isolatingBelow, openPerformer, responseOf } from './response-scene.ts';

const [, , folder = '', bpf = '', action = '', container = '', pid = '0'] = process.argv;
const { performer } = await openPerformer(folder, () => 1n, {}, process.pid, isolatingBelow(bpf));
process.stdout.write('ready\n');
const outcome = await performer.perform(responseOf(action as ActionKind), {
  pid: Number(pid),
  execTime: 1n,
  executable: '',
  container,
  containerName: '',
  labels: new Map(),
  pod: undefined,
  isIncomplete: false,
});
process.stdout.write(`${outcome.kind === 'done' ? 'done' : JSON.stringify(outcome)}\n`);
const inForce = await performer.list();
for (const { id } of inForce) await performer.undo(id);
if (inForce.length > 0) process.stdout.write('undone\n');
