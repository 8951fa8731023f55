// Guards a module's calls of env.match. A module may report a match of its own rules on an event of the run,
// once for each rule and event; anything else is a foreign match, stops the run, and sets the module aside.

import { EVENT_FLAGS, EVENT_HEADER, MOST_VIEWS, OTHER_VIEW_OFFSET } from '../schema/event-structs.ts';
import { member } from '../schema/layout.ts';
import { roughThreadMicros } from './time-account.ts';

/**
 * Called for each match: `rule` is its index in the manifest, `event` the record's address, `view` the address of
 * the matching view: the record itself, or another.
 */
export type MatchCallback = (rule: number, event: number, view: number) => void;

const SIZE_INDEX = member(EVENT_HEADER, 'size').offset / 4;
/** Index of the word whose upper half the flags are. */
const FLAGS_INDEX = (member(EVENT_HEADER, 'flags').offset - 2) / 4;
const TWO_VIEWS = EVENT_FLAGS.TWO_VIEWS << 16;
const OTHER_VIEW_INDEX = OTHER_VIEW_OFFSET / 4;
const SMALLEST_RECORD = EVENT_HEADER.size;

/** Thrown through the module by an invalid match. */
export class ForeignMatchError extends Error {
  override readonly name = 'ForeignMatchError';
}

/** Thrown through the module in place of an exception of the host's callback, which run.ts rethrows. */
export class HostMatchError extends Error {
  override readonly name = 'HostMatchError';
}

/** Thrown through the module, in an attempt that may be interrupted, when no more matches can wait. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}

/** Most matches that wait until the module has returned: more than a batch has events, unless they are very short. */
const MOST_WAITING = 4096;
const MATCH_WORDS = 3;

/**
 * Knows the current run. It costs nothing until a rule matches; then it walks the records from the last match to this one,
 * so that it detects an address within a record, with which the host would read forged fields.
 *
 * For an event with several views, rules are reported for the first view, then for the next. They are held until the module reports the
 * next event, and delivered in the rules' order, each once, with its first matching view: so the first rule in file order comes first.
 *
 * The callback is called when the module has returned, so that its time and its garbage are not the module's; before that only when
 * too many matches wait, and then that time is known (`hostMicros`). In an attempt that may be interrupted the module has to return for that
 * too: nothing else of the host may be left half done.
 */
export class MatchGuard {
  private readonly words: Uint32Array;
  private readonly ruleCount: number;
  private readonly callback: MatchCallback;
  private from = 0;
  private to = 0;
  /** The current record of the walk, the number of its view, and the rule last reported for that; -1 for none. */
  private record = 0;
  private view = 0;
  private rule = -1;
  /** The matches of the record, if it has several views: view by rule. */
  private readonly held = new Map<number, number>();
  /** The last match that waits for the callback, or was passed to it. */
  private deliveredRecord = 0;
  private deliveredRule = -1;
  /** Rule, record and view of each match for the callback. */
  private readonly waiting = new Uint32Array(MOST_WAITING * MATCH_WORDS);
  private waitingWords = 0;
  /** What was delivered before this attempt. */
  private before = { record: 0, rule: -1, words: 0 };
  private interruptible = false;
  /** CPU time of the callback during the run. */
  hostMicros = 0;

  constructor(memory: WebAssembly.Memory, ruleCount: number, callback: MatchCallback) {
    this.words = new Uint32Array(memory.buffer);
    this.ruleCount = ruleCount;
    this.callback = callback;
  }

  /** Begins a run over the records in [from, to), which are empty for a call of `candidates`. */
  begin(from: number, to: number): void {
    this.from = from >>> 0;
    this.to = to >>> 0;
    this.deliveredRecord = 0;
    this.deliveredRule = -1;
    this.waitingWords = 0;
    this.hostMicros = 0;
    this.interruptible = false;
    this.restart();
  }

  /** From now on attempts of this run may be interrupted. */
  allowInterruption(): void {
    this.interruptible = true;
  }

  /** Restarts the same run after it ran out of fuel, or of room for matches: delivered matches are not delivered again. */
  again(): void {
    if (this.waitingWords === this.waiting.length) this.flush();
    this.restart();
  }

  /** Restarts the same run after an attempt was interrupted, which may have been anywhere: its matches do not count. */
  forget(): void {
    this.deliveredRecord = this.before.record;
    this.deliveredRule = this.before.rule;
    this.waitingWords = this.before.words;
    this.restart();
  }

  /** Ends the run and calls the callback for all matches that wait. Throws the callback's exceptions. */
  end(): void {
    this.deliverHeld();
    this.flush();
  }

  /** The implementation of env.match. */
  readonly match = (rule: number, address: number): void => {
    if (rule < 0 || rule >= this.ruleCount) {
      throw new ForeignMatchError(`match of rule ${rule}; the module has ${this.ruleCount}`);
    }
    const view = address >>> 0;
    this.walkTo(view);
    const number = this.record < this.to ? this.numberOf(view) : -1;
    if (number < 0) {
      throw new ForeignMatchError(`match on address 0x${view.toString(16)}, which is not a record of this run`);
    }
    if (number > this.view) {
      this.view = number;
      this.rule = -1;
    }
    if (number < this.view || rule <= this.rule) {
      throw new ForeignMatchError(`match of rule ${rule} after rule ${this.rule} on the same event`);
    }
    this.rule = rule;
    if (this.hasNext(this.record)) {
      if (!this.held.has(rule)) this.held.set(rule, view);
      return;
    }
    this.deliver(rule, view);
  };

  private restart(): void {
    this.before = { record: this.deliveredRecord, rule: this.deliveredRule, words: this.waitingWords };
    this.held.clear();
    this.goTo(this.from);
  }

  private goTo(record: number): void {
    this.record = record;
    this.view = 0;
    this.rule = -1;
  }

  private hasNext(view: number): boolean {
    return ((this.words[view / 4 + FLAGS_INDEX] ?? 0) & TWO_VIEWS) !== 0;
  }

  /** Index of the record's view at that address; -1 for none. Native code has written the views' addresses; the module can't. */
  private numberOf(address: number): number {
    let view = this.record;
    for (let number = 0; number < MOST_VIEWS; number++) {
      if (view === address) return number;
      if (!this.hasNext(view)) return -1;
      view = this.words[view / 4 + OTHER_VIEW_INDEX] ?? -1;
    }
    return -1;
  }

  /** Walks to the record with a view at that address; to the end of the run if there is none. */
  private walkTo(view: number): void {
    while (this.record < this.to && this.numberOf(view) < 0) {
      const size = this.words[this.record / 4 + SIZE_INDEX] ?? 0;
      // Native has checked the records of a run; this keeps the walk finite regardless.
      if (size < SMALLEST_RECORD || size % 8 !== 0) return;
      this.deliverHeld();
      this.goTo(this.record + size);
    }
  }

  private deliverHeld(): void {
    if (this.held.size === 0) return;
    const matches = [...this.held].sort(([one], [other]) => one - other);
    this.held.clear();
    for (const [rule, view] of matches) this.deliver(rule, view);
  }

  private deliver(rule: number, view: number): void {
    if (this.record < this.deliveredRecord) return;
    if (this.record === this.deliveredRecord && rule <= this.deliveredRule) return;
    if (this.waitingWords === this.waiting.length) {
      if (this.interruptible) throw new NoRoomError();
      this.flushWithin();
    }
    this.waiting[this.waitingWords++] = rule;
    this.waiting[this.waitingWords++] = this.record;
    this.waiting[this.waitingWords++] = view;
    this.deliveredRecord = this.record;
    this.deliveredRule = rule;
  }

  /** Does what flush() does, while the module is running. */
  private flushWithin(): void {
    try {
      this.flush();
    } catch (error) {
      throw new HostMatchError('the match callback failed', { cause: error });
    }
  }

  private flush(): void {
    if (this.waitingWords === 0) return;
    const began = roughThreadMicros();
    const words = this.waitingWords;
    this.waitingWords = 0;
    for (let at = 0; at < words; at += MATCH_WORDS) {
      this.callback(this.waiting[at] ?? 0, this.waiting[at + 1] ?? 0, this.waiting[at + 2] ?? 0);
    }
    this.hostMicros += roughThreadMicros() - began;
  }
}
