// A process that performs one action on a container, to be killed at any moment: FOLDER ACTION CONTAINER PID

import type { ActionKind } from '../../host/responses/settings.ts';
import { openPerformer, responseOf } from './response-scene.ts';

const [, , folder = '', action = '', container = '', pid = '0'] = process.argv;
const { performer } = await openPerformer(folder, () => 1n);
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
if (action === 'pause_container') {
  for (const { id } of await performer.list()) await performer.undo(id);
  process.stdout.write('undone\n');
}
