// Checks once a second whether events or matches were lost, and reports it as configured: Falco's syscall_event_drops.

import { type EventTotals, eventTotals } from '../../engine/counts/event-totals.ts';
import type { EngineCounters } from '../../engine/messages/protocol.ts';
import { jsonTimeOfMs } from '../../fields/time.ts';
import { keyedTexts } from '../../outputs/message.ts';
import { TokenBucket } from '../../outputs/token-bucket.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';

export const DROP_RULE = 'Wasprey internal: syscall event drop';

/** What to do about lost events: log a message, raise an alert, end the agent. */
export type DropAction = 'log' | 'alert' | 'exit';

export interface DropSettings {
  /** Share of a second's events, 0 to 1, that may be lost without being an occurrence. */
  readonly threshold: number;
  readonly actions: readonly DropAction[];
  /** How often actions are taken: on average in a second, and at most at once. */
  readonly rate: number;
  readonly burst: number;
  /** For tests: one more event counts as lost each second, and the threshold does not apply. */
  readonly simulated: boolean;
}

/** Any loss raises an alert, at most one in half a minute, which reports all losses since the one before. */
export const DROP_SETTINGS: DropSettings = {
  threshold: 0,
  actions: ['alert'],
  rate: 1 / 30,
  burst: 1,
  simulated: false,
};

export interface DropCounters {
  /** Seconds in which more was lost than the threshold allows. */
  readonly occurrences: number;
  /** How often the actions were taken. */
  readonly actions: number;
}

/** Actions done elsewhere. */
export interface DropListener {
  onLog(message: string): void;
  onExit(message: string): void;
}

/** Counts up to a moment, or between two. */
interface Loss {
  /** Events that the kernel did not filter, the lost ones among them. */
  readonly events: number;
  readonly lost: number;
  /** The lost ones among them, by Falco's kinds. */
  readonly noRoom: number;
  readonly byKind: ReadonlyMap<string, number>;
  readonly matches: number;
}

interface UnreportedLoss {
  readonly from: number;
  readonly to: number;
  readonly loss: Loss;
}

/** Counters come once a second; those that come sooner are the last ones, and finish() looks at them. */
const LEAST_INTERVAL_MS = 950;
const NOTHING: Loss = { events: 0, lost: 0, noRoom: 0, byKind: new Map(), matches: 0 };
const SIMULATED: Loss = { ...NOTHING, events: 1, lost: 1 };

export class DropWatch {
  readonly #desk: Pick<AlertDesk, 'internal'>;
  readonly #settings: DropSettings;
  readonly #listener: DropListener;
  readonly #bucket: TokenBucket;
  /** Counts up to the last check, and up to the last report. */
  #seen: Loss = NOTHING;
  #seenAt: number;
  #latest: Loss = NOTHING;
  #latestAt: number;
  #latestUntil: number;
  /** Losses for which no action was taken yet. */
  #unreported: UnreportedLoss | undefined;
  #occurrences = 0;
  #actions = 0;

  /** @param now ms since the epoch, the clock of EngineCounters.time */
  constructor(desk: Pick<AlertDesk, 'internal'>, settings: DropSettings, listener: DropListener, now = Date.now()) {
    this.#desk = desk;
    this.#settings = settings;
    this.#listener = listener;
    this.#bucket = new TokenBucket(settings.rate, settings.burst, now);
    this.#seenAt = now;
    this.#latestAt = now;
    this.#latestUntil = now;
  }

  get counters(): DropCounters {
    return { occurrences: this.#occurrences, actions: this.#actions };
  }

  update({ time, until, capture, matchesDropped }: EngineCounters): void {
    this.#latest = totalLoss(eventTotals(capture), matchesDropped);
    this.#latestAt = time;
    this.#latestUntil = until;
    const elapsed = time - this.#seenAt;
    // Negative: the clock was set back.
    if (elapsed >= 0 && elapsed < LEAST_INTERVAL_MS) return;
    this.#look(this.#settings.simulated ? SIMULATED : NOTHING);
    // Losses without a token wait for one, even if nothing more is lost.
    if (this.#unreported && this.#bucket.take(time)) this.#act(this.#unreported);
  }

  /** At the end: reports the losses since the last check and all waiting ones, whatever the rate. */
  finish(): void {
    this.#look(NOTHING);
    if (this.#unreported && this.#settings.burst >= 1) this.#act(this.#unreported);
  }

  /** @param more events that count as lost in addition */
  #look(more: Loss): void {
    const loss = sumOf(difference(this.#latest, this.#seen), more);
    // Reversed if the clock was set back meanwhile.
    const [from, to] = [this.#seenAt, this.#latestUntil].sort((one, other) => one - other) as [number, number];
    this.#seen = this.#latest;
    this.#seenAt = this.#latestAt;
    const gone = loss.lost + loss.matches;
    const { threshold, simulated } = this.#settings;
    if (gone === 0 || gone / Math.max(loss.events, gone) <= (simulated ? 0 : threshold)) return;
    this.#occurrences++;
    const before = this.#unreported;
    this.#unreported = before ? { from: before.from, to, loss: sumOf(before.loss, loss) } : { from, to, loss };
  }

  #act({ from, to, loss }: UnreportedLoss): void {
    this.#unreported = undefined;
    this.#actions++;
    const { actions, simulated } = this.#settings;
    const [begin, end] = [jsonTimeOfMs(from), jsonTimeOfMs(to)];
    const matches = loss.matches === 0 ? '' : `, ${loss.matches} matches not reported`;
    const message = `${DROP_RULE}. ${loss.lost} system calls dropped${matches} from ${begin} to ${end}${simulated ? ' (simulated)' : ''}.`;
    if (actions.includes('log')) this.#listener.onLog(message);
    if (actions.includes('alert')) {
      // Falco gives these numbers as texts.
      const values = keyedTexts({ ...falcoFields(loss), 'wasprey.from': begin, 'wasprey.to': end });
      this.#desk.internal(DROP_RULE, 'Debug', message, values);
    }
    if (actions.includes('exit')) this.#listener.onExit(message);
  }
}

/** Under Falco's names first, then under Wasprey's own. */
function falcoFields({ events, lost, noRoom, byKind, matches }: Loss): Record<string, number> {
  const kinds = [...byKind].map(([kind, count]) => [`n_drops_buffer_${kind}_exit`, count]);
  return {
    n_evts: events,
    n_drops: lost,
    n_drops_buffer_total: noRoom,
    ...Object.fromEntries(kinds),
    n_matches_dropped: matches,
  };
}

function totalLoss(totals: EventTotals, matches: number): Loss {
  const { produced, filtered, missed, lost, dropped: noRoom, droppedByKind: byKind } = totals;
  return { events: produced - filtered + missed, lost, noRoom, byKind, matches };
}

function sumOf(one: Loss, other: Loss): Loss {
  return combined(one, other, (a, b) => a + b);
}

function difference(now: Loss, before: Loss): Loss {
  return combined(now, before, (a, b) => a - b);
}

function combined(one: Loss, other: Loss, by: (a: number, b: number) => number): Loss {
  const kinds = new Set([...one.byKind.keys(), ...other.byKind.keys()]);
  return {
    events: by(one.events, other.events),
    lost: by(one.lost, other.lost),
    noRoom: by(one.noRoom, other.noRoom),
    byKind: new Map([...kinds].map((kind) => [kind, by(one.byKind.get(kind) ?? 0, other.byKind.get(kind) ?? 0)])),
    matches: by(one.matches, other.matches),
  };
}
