// Starts the engine of an agent: its options, and which part handles which of its messages.

import { REPLAY_SIZES } from '../capture/sizes.ts';
import { Engine, type EngineOptions } from '../engine/engine.ts';
import type { EngineListener } from '../engine/host/listener.ts';
import type { AgentParts } from './agent-parts.ts';

/** Rejects with EngineError. */
export function startEngine(parts: AgentParts): Promise<Engine> {
  return Engine.start(engineOptions(parts), engineListener(parts), parts.options.idleWorker);
}

function engineOptions({
  options,
  source,
  ruleSets,
  hold,
  machine,
  journal,
  captures,
  sessions,
}: AgentParts): EngineOptions {
  const { replay } = options;
  return {
    source: source === 'bpf' ? 'bpf' : 'builder',
    ...(replay && { replay: replay.path }),
    ...(replay || source === 'none' ? { sizes: REPLAY_SIZES } : options.sizes && { sizes: options.sizes }),
    ...(options.hooks && { hooks: options.hooks }),
    rules: ruleSets.first,
    ruleMatching: options.ruleMatching ?? 'first',
    hold,
    hostname: machine,
    isoTime: options.isoTime ?? false,
    base64Buffers: options.base64Buffers ?? false,
    ignoresSelf: options.ignoresSelf ?? false,
    guarded: source === 'bpf',
    followsSessions: sessions !== undefined,
    ...(source === 'bpf' && captures.isOn && { ahead: captures.eventTypes }),
    ...(journal.wants && { journal: journal.wants.selection }),
  };
}

function engineListener(parts: AgentParts): EngineListener {
  const {
    options,
    outputs,
    desk,
    directory,
    ruleSets,
    drops,
    images,
    containers,
    outputWatch,
    tampering,
    journal,
    captures,
  } = parts;
  const { replay } = options;
  return {
    onMatches(matches) {
      for (const match of matches) desk.take(match);
      // A live capture does not wait for outputs.
      return replay && outputs.drained();
    },
    onJournal: (block) => journal.take(block),
    onCaptured: (block) => captures.block(block),
    onLeftOut: (use, events) => (use === 'journal' ? journal : captures).leftOut(events),
    onCapturesFailed: (error) => captures.failed(`captures lack events that no rule wants: ${error.message}`),
    onContainer: (id, entry) => parts.containerRecorded(id, entry),
    onProgress: (share, events) => replay?.onProgress?.(share, events),
    onReplayed: (report) => void outputs.drained().then(() => replay?.onEnd(report)),
    onContainers(notices) {
      for (const notice of notices) directory.ask(notice);
    },
    onSessions: (sessions) => parts.sessions?.begin(sessions),
    onSetAside: (absence) => ruleSets.absences.begin(absence),
    onTakenBack: (generation, module) => ruleSets.absences.end(generation, module),
    onReplaced: (generation) => ruleSets.tookOver(generation),
    onEnforcing: (enforcing) => parts.enforcement.took(enforcing),
    onEnforcedUnmatched: (unmatched) => parts.enforcement.unmatched(unmatched),
    onCounters(counters) {
      drops.update(counters);
      images.update(counters);
      containers.update(counters);
      outputWatch.update(outputs.counters, performance.now());
    },
    onIntegrity: (report) => tampering.take(report),
    onError: (error) => options.onEnd?.(error),
  };
}
