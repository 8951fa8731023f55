// The worker's entry: opens the capture, binds the modules to its memory, and runs the loop.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Capture, CaptureError } from '../capture/native.ts';
import { openCapture } from '../capture/open.ts';
import type { ReadContext } from '../fields/context.ts';
import { EventMemory } from '../fields/memory.ts';
import { instantiateRuleModule } from '../sandbox/instantiate.ts';
import { EngineLoop, type LoopModule } from './loop.ts';
import { MatchReader } from './match-reader.ts';
import { Control, type FromWorker, type ToWorker, type WorkerError, type WorkerStart } from './protocol.ts';

const NANOSECONDS = 1_000_000n;

const port = parentPort;
if (!port) throw new Error('host/engine/worker.ts is started by host/engine/engine.ts, as a worker');
const send = (message: FromWorker): void => port.postMessage(message);
const receive = (): ToWorker | undefined => receiveMessageOnPort(port)?.message;

try {
  run(workerData as WorkerStart);
} catch (error) {
  send({ kind: 'error', error: describe(error) });
}

function run(start: WorkerStart): void {
  const { capture, memory, plan } = openCapture({
    source: start.source,
    ...(start.sizes && { sizes: start.sizes }),
    ...(start.object !== undefined && { object: start.object }),
  });
  try {
    const loop = bind(start, memory, capture);
    capture.start(start.eventTypes);
    send({ kind: 'started', cpus: plan.cpus, memoryBytes: plan.memoryBytes });
    loop.run();
  } finally {
    capture.close();
  }
}

/** Modules, memory and capture put together. */
function bind(start: WorkerStart, memory: WebAssembly.Memory, capture: Capture): EngineLoop {
  const context: ReadContext = {
    // Events that come are later than this; the first one's own time would need a look at every batch.
    sessionStart: BigInt(Date.now()) * NANOSECONDS,
    hostname: start.hostname,
    isoTime: start.isoTime,
  };
  const reader = new MatchReader(new EventMemory(memory.buffer), context, start.modules);
  const modules = start.modules.map(
    ({ verified, rules, readsContainers }, index): LoopModule => ({
      instance: instantiateRuleModule(verified, {
        memory,
        ruleCount: rules.length,
        match: (rule, event) => loop.onMatch(index, rule, event),
      }),
      ruleCount: rules.length,
      readsContainers,
      setAside: false,
    }),
  );
  const control = new Control(start.control);
  const loop = new EngineLoop({ capture, control, modules, reader, ruleMatching: start.ruleMatching, send, receive });
  return loop;
}

function describe(error: unknown): WorkerError {
  if (!(error instanceof Error)) return { code: 'ENGINE_FAILED', message: String(error) };
  const { code, detail } = error as Partial<CaptureError>;
  return {
    code: typeof code === 'string' ? code : 'ENGINE_FAILED',
    message: error.message,
    ...(detail !== undefined && { detail }),
  };
}
