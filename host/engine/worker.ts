// The worker's entry: opens the capture, binds the modules to its memory, and runs the loop.

import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { useAddon } from '../capture/addon.ts';
import type { Capture, CapturePlan, HooksKind } from '../capture/native.ts';
import { useAccounts } from '../fields/account-names.ts';
import { AddressNames } from '../fields/address-names.ts';
import type { ReadContext } from '../fields/context.ts';
import { EventMemory } from '../fields/memory.ts';
import { SshPeers } from '../fields/ssh-peer.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import type { RecordedBlock, Recorder } from '../recording/recorder.ts';
import type { Replay } from '../recording/replay.ts';
import type { OpenedRecording } from '../scap/open.ts';
import type { JournalUse } from '../schema/journal.ts';
import { EvaluationClock } from './counts/evaluation-clock.ts';
import { JournalTaps } from './journal/journal-taps.ts';
import { IntegrityGuard } from './loop/integrity-guard.ts';
import { KernelEnforcer } from './loop/kernel-enforcer.ts';
import { EngineLoop, type LoopParts } from './loop/loop.ts';
import { PreparedCapture } from './loop/prepared-capture.ts';
import { ExecSessions } from './match-reading/exec-sessions.ts';
import { MatchReader } from './match-reading/match-reader.ts';
import { OwnProcesses } from './match-reading/own-processes.ts';
import { Control } from './messages/control.ts';
import type { JournalSink } from './messages/journal-block.ts';
import type { FromWorker, ToIdleWorker, ToWorker, WorkerData, WorkerStart } from './messages/protocol.ts';
import { describeError } from './messages/worker-error.ts';
import { ModuleSet } from './modules/module-set.ts';

/** A host that has ended its work otherwise must not leave the programs attached. */
const LONGEST_HOLD_MS = 10_000;

const port = parentPort;
if (!port) throw new Error('host/engine/worker.ts is started by host/engine/engine.ts, as a worker');
const worker: MessagePort = port;
const send = (message: FromWorker): void => port.postMessage(message);
const { control: words, addon }: WorkerData = workerData;
const control = new Control(words);
useAddon(addon);
const prepared = new PreparedCapture();
const receive = (): ToWorker | undefined => receiveMessageOnPort(port)?.message;

try {
  const start = whenTold();
  if (start) run(start, await recordingParts(start));
} catch (error) {
  send({ kind: 'error', error: describeError(error) });
}

/** Prepares what the host asks for until it says how to start. Undefined: it requests a stop instead. */
function whenTold(): WorkerStart | undefined {
  while (!control.stopRequested) {
    const seen = control.announced;
    const message: ToIdleWorker | undefined = receiveMessageOnPort(worker)?.message;
    if (message?.kind === 'start') return message.start;
    if (message) prepared.prepare(message.capture, message.eventTypes);
    else control.waitForMessage(seen, Number.POSITIVE_INFINITY);
  }
  prepared.close();
  return undefined;
}

/** What reads and writes recordings: loaded where there is one alone. */
interface RecordingParts {
  readonly Recorder?: typeof Recorder;
  readonly replayed?: { readonly recording: OpenedRecording; readonly Replay: typeof Replay };
}

async function recordingParts({ recording, replay: path }: WorkerStart): Promise<RecordingParts> {
  if (path !== undefined) {
    const [{ openRecording }, { Replay }] = await Promise.all([
      import('../scap/open.ts'),
      import('../recording/replay.ts'),
    ]);
    return { replayed: { recording: await openRecording(path), Replay } };
  }
  return recording ? await import('../recording/recorder.ts') : {};
}

function run(start: WorkerStart, { Recorder, replayed }: RecordingParts): void {
  const { capture, memory, plan, hooks } = prepared.take(start);
  try {
    if (replayed) replay(replayed, start, memory, capture, plan);
    else {
      const recorder = Recorder && new Recorder(capture, memory.buffer, sendBlock);
      watch(start, memory, capture, plan, hooks, recorder);
      control.waitForRelease(LONGEST_HOLD_MS);
    }
  } finally {
    capture.close();
    replayed?.recording[Symbol.dispose]();
  }
}

function watch(
  start: WorkerStart,
  memory: WebAssembly.Memory,
  capture: Capture,
  plan: CapturePlan,
  hooks: HooksKind | undefined,
  recorder: Recorder | undefined,
): void {
  // All events are later than this; reading the first one's own time would need a check in every batch.
  const sessionStart = BigInt(Date.now()) * NANOSECONDS_PER_MS;
  const guard = start.guarded ? new IntegrityGuard(capture, send) : undefined;
  const enforcer = new KernelEnforcer(capture, new EventMemory(memory.buffer));
  const loop = bind(start, {
    memory,
    capture,
    control,
    enforcer,
    sessionStart,
    ...(recorder && { recorder }),
    ...(guard && { guard }),
  });
  capture.start(start.rules.eventTypes, start.rules.filter);
  const { enforcement } = start.rules;
  enforcer.prepare(enforcement, 0);
  const enforcing = enforcer.takeOver(enforcement, 0);
  guard?.begin();
  sendStarted(capture, plan, hooks);
  if (enforcing) send({ kind: 'enforcing', ...enforcing });
  loop.run();
}

function replay(
  { recording, Replay }: NonNullable<RecordingParts['replayed']>,
  start: WorkerStart,
  memory: WebAssembly.Memory,
  capture: Capture,
  plan: CapturePlan,
): void {
  const { source: reader } = recording;
  const { started: sessionStart, users, groups } = reader.facts;
  useAccounts(users, groups);
  const source = new Replay(reader, capture, (id, entry) => {
    loop.containerKnown(id, entry);
    send({ kind: 'container', id, entry });
  });
  const loop = bind(start, { memory, capture, control, sessionStart, replay: source });
  capture.start(start.rules.eventTypes);
  sendStarted(capture, plan);
  loop.runReplay(source, () => recording.progress.done / Math.max(recording.progress.size, 1));
}

function sendStarted(capture: Capture, { cpus, memoryBytes }: CapturePlan, hooks?: HooksKind): void {
  const missing = capture.missing();
  send({ kind: 'started', capture: capture.handle(), cpus, memoryBytes, missing, ...(hooks && { hooks }) });
}

function sendBlock(block: RecordedBlock): void {
  control.waitForBlocks();
  control.addBlocks(1);
  worker.postMessage({ kind: 'block', block } satisfies FromWorker, [block.payload.buffer]);
}

function journalSink(use: JournalUse): JournalSink {
  return {
    block(block) {
      control.addKeptBlocks(use, 1);
      worker.postMessage({ kind: 'kept', use, block } satisfies FromWorker, [block.payload.buffer]);
    },
    leftOut: (events) => worker.postMessage({ kind: 'left-out', use, events } satisfies FromWorker),
  };
}

type Bound = Pick<LoopParts, 'capture' | 'control' | 'enforcer' | 'guard' | 'recorder' | 'replay'> & {
  readonly memory: WebAssembly.Memory;
  readonly sessionStart: bigint;
};

/** The modules, the memory and the capture. */
function bind(start: WorkerStart, { memory: sandbox, sessionStart, ...parts }: Bound): EngineLoop {
  const names = new AddressNames();
  const sshPeers = parts.replay ? undefined : new SshPeers();
  const context: ReadContext = {
    sessionStart,
    hostname: start.hostname,
    isoTime: start.isoTime,
    base64Buffers: start.base64Buffers ?? false,
    isLive: parts.replay === undefined,
    names,
    ...(sshPeers && { sshPeers }),
  };
  const { ruleMatching, hold } = start;
  const memory = new EventMemory(sandbox.buffer);
  const sessions = start.followsSessions ? new ExecSessions(memory) : undefined;
  const taps = new JournalTaps(parts.capture, control, {
    journal: journalSink('journal'),
    captures: journalSink('captures'),
  });
  if (start.journal) taps.journal.select(start.journal);
  const loop = new EngineLoop({
    ...parts,
    rules: start.rules,
    bindSet: (rules, bank) =>
      new ModuleSet(rules, bank, {
        sandbox,
        memory,
        context,
        ruleMatching,
        capture: parts.capture,
        onMatch: (match) => loop.onMatch(match),
        onFailure: (...failure) => loop.onFailure(...failure),
      }),
    names,
    taps,
    reader: new MatchReader(memory, context, sessions),
    ...(sessions && { sessions }),
    clock: new EvaluationClock(sandbox.buffer),
    ruleMatching,
    memory,
    hold,
    ...(sshPeers && { sshPeers }),
    ...(start.ahead && { ahead: start.ahead }),
    ...(start.ignoresSelf && { ownProcesses: new OwnProcesses() }),
    send,
    receive,
  });
  return loop;
}
