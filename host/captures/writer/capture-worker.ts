// The thread of a capture: takes the state at once, then writes what it is given.

import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { STATE_LIMITS } from '../state/state.ts';
import { takeState } from '../state/take-state.ts';
import { CaptureWriter } from './capture-writer.ts';
import { makeRoom } from './make-room.ts';
import type { FromWriter, ToWriter, WriterStart } from './protocol.ts';

const port = parentPort;
if (!port)
  throw new Error(
    'host/captures/writer/capture-worker.ts is started by host/captures/writer/active-capture.ts, as a worker',
  );
const { plan, room, captured, takesState }: WriterStart = workerData;

const send = (message: FromWriter): void => port.postMessage(message);

try {
  const state = takesState ? takeState(plan.scope, STATE_LIMITS, captured.alert) : undefined;
  makeRoom(room);
  const writer = new CaptureWriter(plan);
  port.on('message', (message: ToWriter) => {
    try {
      take(message, writer);
    } catch (error) {
      send({ kind: 'failed', reason: reasonOf(error) });
      port.close();
    }
  });

  function take(message: ToWriter, to: CaptureWriter): void {
    switch (message.kind) {
      case 'before':
        if (message.missing !== undefined) to.cut(message.missing);
        to.before(message.segments);
        to.alert(captured);
        if (state) to.state(state);
        return;
      case 'block':
        to.block(message.payload);
        send({ kind: 'written' });
        return;
      case 'alert':
        to.alert(message.captured);
        return;
      case 'end':
        for (const sentence of message.cuts) to.cut(sentence);
        send({ kind: 'done', ...to.close(message.dropped, message.seconds) });
        port?.close();
        return;
    }
  }
} catch (error) {
  send({ kind: 'failed', reason: reasonOf(error) });
}
