// Reports when somebody has changed the capture from outside, or has stopped the agent: an internal alert for new
// findings, and counters of all.

import { readFileSync } from 'node:fs';
import { INTEGRITY_FINDINGS, type RunGap } from '../../capture/integrity.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import type { EngineSign } from '../../engine/engine.ts';
import type { IntegrityReport } from '../../engine/messages/protocol.ts';
import { keyedTexts } from '../../outputs/message.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';
import {
  describeFinding,
  describeHold,
  describeStop,
  describeThread,
  type Tampering,
  type TamperKind,
} from './tamper-text.ts';

export const TAMPER_RULE = 'Wasprey internal: capture tampered with';

/** Kinds of findings in the metrics. */
export const TAMPER_KINDS: readonly TamperKind[] = [...INTEGRITY_FINDINGS, 'stopped', 'held', 'thread-stopped'];

/** Recurring findings are reported at most this often. */
const TELL_AGAIN_MS = 5000;
/** Findings that an alert spells out. */
const SHOWN_AT_ONCE = 5;
const LOOK_EVERY_MS = 1000;
/** The worker reports every second; after so long without a report, it is checked. */
const SILENCE_MS = 2500;
/** The shortest reported time without the CPU; shorter ones are reported if a signal says that the process was stopped. */
const LONGEST_HOLD_MS = 1000;
const LONGEST_STOP_MS = 200;
/** What memory may take to come back from a disk, each time. */
const FAULT_MS = 100;
/** How long after a stop its signal may be handled: this thread has to come to it. */
const SIGNAL_PATIENCE_MS = 1500;

export interface TamperSummary {
  /** Current findings, as sentences. */
  readonly present: readonly string[];
  /** Number of findings by kind. */
  readonly counts: ReadonlyMap<TamperKind, number>;
  /** The last reported finding, and its time: ms since the epoch. */
  readonly last?: { readonly time: number; readonly text: string };
}

/** A gap that may have been ended by a signal: not known yet. */
interface PendingGap {
  readonly gap: RunGap;
  readonly dropped: number;
  readonly since: number;
}

export class TamperWatch {
  readonly #desk: AlertDesk;
  readonly #now: () => number;
  readonly #counts = new Map<TamperKind, number>(TAMPER_KINDS.map((what) => [what, 0]));
  /** Lasting findings, by key. */
  #present = new Map<string, Tampering>();
  readonly #reportedAt = new Map<string, number>();
  #last: TamperSummary['last'];
  #dropped = 0;
  #gaps: PendingGap[] = [];
  /** When the process was continued, by the clock of RunGap.endMs. */
  #continuedMs = Number.NEGATIVE_INFINITY;
  #thread = '';
  #threadStopped = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #onContinue = (): void => {
    this.continued();
  };

  /** @param now ms by the clock of RunGap.endMs */
  constructor(desk: AlertDesk, now: () => number = monotonicMs) {
    this.#desk = desk;
    this.#now = now;
  }

  /** Watches over the process from now on, until close(). */
  start(sign: () => EngineSign): void {
    process.on('SIGCONT', this.#onContinue);
    this.#timer = setInterval(() => this.#look(sign()), LOOK_EVERY_MS).unref();
  }

  close(): void {
    process.off('SIGCONT', this.#onContinue);
    clearInterval(this.#timer);
  }

  /** The process got SIGCONT. */
  continued(): void {
    this.#continuedMs = this.#now();
  }

  get summary(): TamperSummary {
    const present = [...this.#present.values()].map((one) => one.text);
    return { present, counts: this.#counts, ...(this.#last && { last: this.#last }) };
  }

  /** The worker's findings, every second. */
  take({ findings, gaps, dropped, thread }: IntegrityReport): void {
    this.#thread = thread;
    this.#threadStopped = false;
    const found = findings.map((finding) =>
      describeFinding(finding, finding.what === 'traced' ? nameOf(finding.number) : ''),
    );
    const since = this.#now();
    const more = dropped - this.#dropped;
    this.#dropped = dropped;
    for (const gap of gaps) this.#gaps.push({ gap, dropped: more, since });
    this.#report([...found, ...this.#decidedGaps()], true);
  }

  /** @param all the lasting findings are complete: others are over */
  #report(found: readonly Tampering[], all: boolean): void {
    const lasting = found.filter(({ passing }) => !passing);
    const fresh = found.filter((one) => one.passing || this.#present.get(keyOf(one))?.text !== one.text);
    for (const { what } of fresh) this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
    const kept = all ? [] : this.#present;
    this.#present = new Map([...kept, ...lasting.map((one) => [keyOf(one), one] as const)]);
    const now = this.#now();
    for (const [one, at] of this.#reportedAt) if (now - at >= TELL_AGAIN_MS) this.#reportedAt.delete(one);
    // A change that is made and restored again and again counts as one finding, whatever its numbers.
    const idOf = (one: Tampering): string => `${keyOf(one)} ${one.passing ? (one.way ?? '') : one.text}`;
    const unreported = fresh.filter((one) => !this.#reportedAt.has(idOf(one)));
    if (unreported.length === 0) return;
    for (const one of unreported) this.#reportedAt.set(idOf(one), now);
    this.#alert(unreported);
  }

  #alert(findings: readonly Tampering[]): void {
    const sentences = findings.slice(0, SHOWN_AT_ONCE).map((one) => one.text);
    if (findings.length > SHOWN_AT_ONCE) sentences.push(`and ${findings.length - SHOWN_AT_ONCE} more`);
    const what = sentences.join('; ');
    this.#last = { time: Date.now(), text: what };
    const advice = findings.every(({ passing }) => passing) ? '' : ' Restart the agent to restore its capture.';
    const fields = {
      what: [...new Set(findings.map((one) => one.what))].join(','),
      names: findings.flatMap(({ name }) => name || []).join(','),
    };
    const values = keyedTexts(fields);
    this.#desk.internal(TAMPER_RULE, 'Critical', `${TAMPER_RULE}: ${what}.${advice}`, values);
  }

  /** Gaps that somebody has caused, of those whose wait is over. */
  #decidedGaps(): Tampering[] {
    const now = this.#now();
    const decided: Tampering[] = [];
    this.#gaps = this.#gaps.filter(({ gap, dropped, since }) => {
      const idle = gap.lengthMs - Math.min(gap.lengthMs, gap.ranMs + gap.waitedMs + gap.stolenMs);
      const signalled =
        this.#continuedMs >= gap.endMs - gap.lengthMs && this.#continuedMs - gap.endMs < SIGNAL_PATIENCE_MS;
      if (signalled) {
        if (idle >= LONGEST_STOP_MS) decided.push(describeStop(gap.lengthMs, dropped));
        return false;
      }
      if (now - since < LOOK_EVERY_MS / 2) return true;
      if (gap.accounted && idle - gap.faults * FAULT_MS >= LONGEST_HOLD_MS)
        decided.push(describeHold(gap.lengthMs, dropped));
      return false;
    });
    return decided;
  }

  /** If the worker is silent, whether it is because it was stopped alone: this thread runs. */
  #look({ running, silentMs }: EngineSign): void {
    if (!running || silentMs < SILENCE_MS || this.#threadStopped || !isStopped(this.#thread)) return;
    this.#threadStopped = true;
    this.#report([describeThread()], false);
  }
}

function keyOf({ what, name }: Tampering): string {
  return `${what} ${name}`;
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** The name of the process with that number, if visible. */
function nameOf(pid: number): string {
  try {
    return escapeText(readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd());
  } catch {
    return '';
  }
}

/** Whether the kernel has a thread down as stopped or traced. */
function isStopped(thread: string): boolean {
  try {
    const stat = readFileSync(`/proc/${thread}/stat`, 'utf8');
    return 'Tt'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
