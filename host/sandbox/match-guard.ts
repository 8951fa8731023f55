// Stands between a module's calls of env.match and the host. A module may say that a rule of its own is true of an event it was given,
// once for each rule and event; anything else is a foreign match, stops the run, and sets the module aside.

import { EVENT_HEADER } from '../schema/event-structs.ts';
import { member } from '../schema/layout.ts';

/** Called for each rule that is true of an event: `rule` is its index in the manifest, `event` the record's address. */
export type MatchCallback = (rule: number, event: number) => void;

const SIZE_INDEX = member(EVENT_HEADER, 'size').offset / 4;
const SMALLEST_RECORD = EVENT_HEADER.size;

/** Thrown through the module by a match that it had no right to report. */
export class ForeignMatchError extends Error {
  override readonly name = 'ForeignMatchError';
}

/** Thrown through the module in place of an exception of the host's own callback, which run.ts throws again. */
export class HostMatchError extends Error {
  override readonly name = 'HostMatchError';
}

/**
 * Knows the run that is going on. Costs nothing until a rule matches; then the records from the last match to this one are stepped over,
 * so that an address within a record, which would make the host read made-up fields, is told from a record.
 */
export class MatchGuard {
  private readonly words: Uint32Array;
  private readonly ruleCount: number;
  private readonly callback: MatchCallback;
  private from = 0;
  private to = 0;
  /** The record that the walk has come to, and the rule last reported for it; -1 for none. */
  private record = 0;
  private rule = -1;
  /** The last match of an earlier attempt: up to it, matches have been delivered. */
  private deliveredRecord = 0;
  private deliveredRule = -1;

  constructor(memory: WebAssembly.Memory, ruleCount: number, callback: MatchCallback) {
    this.words = new Uint32Array(memory.buffer);
    this.ruleCount = ruleCount;
    this.callback = callback;
  }

  /** A run over the records in [from, to) begins. A call of `candidates` runs over none. */
  begin(from: number, to: number): void {
    this.from = from >>> 0;
    this.to = to >>> 0;
    this.record = this.from;
    this.rule = -1;
    this.deliveredRecord = 0;
    this.deliveredRule = -1;
  }

  /** The same run begins anew, after it ran out of fuel: what has been delivered will not be delivered twice. */
  again(): void {
    const further = this.record > this.deliveredRecord;
    if (this.rule >= 0 && (further || (this.record === this.deliveredRecord && this.rule > this.deliveredRule))) {
      this.deliveredRecord = this.record;
      this.deliveredRule = this.rule;
    }
    this.record = this.from;
    this.rule = -1;
  }

  /** What env.match is bound to. */
  readonly match = (rule: number, event: number): void => {
    const address = event >>> 0;
    if (rule < 0 || rule >= this.ruleCount) {
      throw new ForeignMatchError(`match of rule ${rule}; the module has ${this.ruleCount}`);
    }
    this.walkTo(address);
    if (address !== this.record || address >= this.to) {
      throw new ForeignMatchError(`match on address 0x${address.toString(16)}, which is no record of this run`);
    }
    if (rule <= this.rule) {
      throw new ForeignMatchError(`match of rule ${rule} after rule ${this.rule} on the same event`);
    }
    this.rule = rule;
    if (address < this.deliveredRecord) return;
    if (address === this.deliveredRecord && rule <= this.deliveredRule) return;
    try {
      this.callback(rule, address);
    } catch (error) {
      throw new HostMatchError('the match callback failed', { cause: error });
    }
  };

  private walkTo(address: number): void {
    while (this.record < address && this.record < this.to) {
      const size = this.words[this.record / 4 + SIZE_INDEX] ?? 0;
      // Native has checked the records of a run; this keeps the walk finite regardless.
      if (size < SMALLEST_RECORD || size % 8 !== 0) return;
      this.record += size;
      this.rule = -1;
    }
  }
}
