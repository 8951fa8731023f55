// What a rule did on a history: how often it fired, when, for whom, with examples. Bounded, however often it fired.

import { planRule } from '../../engine/match-reading/match-reader.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { renderMessage } from '../../outputs/message.ts';
import type { OriginatedMatch } from './origin.ts';
import type { TriedRule } from './tried-rules.ts';

const MOST_EXAMPLES = 3;
/** Most pods or programs that are counted one by one; those that come later are counted together. */
const MOST_NAMES = 1000;
const DAY_MS = 86_400_000;

/** A name, and how many alerts it had. */
export interface Share {
  readonly name: string;
  readonly alerts: number;
}

export interface Example {
  /** ms since the epoch. */
  readonly time: number;
  /** The alert's text; it may have control characters. */
  readonly text: string;
}

/** Counts by name, the highest first when they are read. */
export class Shares {
  readonly #counts = new Map<string, number>();
  #others = 0;

  add(name: string): void {
    const before = this.#counts.get(name);
    if (before === undefined && this.#counts.size >= MOST_NAMES) this.#others++;
    else this.#counts.set(name, (before ?? 0) + 1);
  }

  /** Whether it has that name. */
  has(name: string): boolean {
    return this.#counts.has(name);
  }

  get list(): readonly Share[] {
    const named = [...this.#counts].map(([name, alerts]): Share => ({ name, alerts }));
    named.sort((a, b) => b.alerts - a.alerts || (a.name < b.name ? -1 : 1));
    return this.#others > 0 ? [...named, { name: 'others', alerts: this.#others }] : named;
  }
}

/** An alert, as figures take it. */
export interface CountedAlert {
  /** ms since the epoch. */
  readonly time: number;
  readonly place: string;
  readonly actor: string;
  /** Its text, which is asked for only if it is an example. */
  readonly text: () => string;
}

export class AlertFigures {
  /** The actors that are counted: programs, or users. */
  readonly actorsAre: 'programs' | 'users';
  readonly places = new Shares();
  readonly actors = new Shares();
  readonly #days = new Map<number, number>();
  readonly #examples: Example[] = [];
  /** Examples of origins that have one already, if there are no others. */
  readonly #spare: Example[] = [];
  #alerts = 0;
  #mostOnADay = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(actorsAre: AlertFigures['actorsAre']) {
    this.actorsAre = actorsAre;
  }

  count({ time, place, actor, text }: CountedAlert): void {
    const isNew = !this.places.has(place) || !this.actors.has(actor);
    this.#alerts++;
    this.#first = Math.min(this.#first, time);
    this.#last = Math.max(this.#last, time);
    this.places.add(place);
    this.actors.add(actor);
    const day = Math.floor(time / DAY_MS);
    const alerts = (this.#days.get(day) ?? 0) + 1;
    this.#days.set(day, alerts);
    this.#mostOnADay = Math.max(this.#mostOnADay, alerts);
    const into = isNew ? this.#examples : this.#spare;
    if (into.length < MOST_EXAMPLES) into.push({ time, text: text() });
  }

  get alerts(): number {
    return this.#alerts;
  }

  /** Times of the first and the last alert, in ms since the epoch; undefined if there is none. */
  get times(): { readonly first: number; readonly last: number } | undefined {
    return this.#alerts > 0 ? { first: this.#first, last: this.#last } : undefined;
  }

  /** The most alerts on one day, by UTC. */
  get mostOnADay(): number {
    return this.#mostOnADay;
  }

  /** Examples of different origins, if there are; in order of time. */
  get examples(): readonly Example[] {
    const chosen = [...this.#examples, ...this.#spare].slice(0, MOST_EXAMPLES);
    return chosen.sort((a, b) => a.time - b.time);
  }
}

/** Figures of a rule on system calls. */
export class RuleFigures extends AlertFigures {
  readonly rule: TriedRule;
  readonly #plan: ReturnType<typeof planRule>;

  constructor(rule: TriedRule) {
    super('programs');
    this.rule = rule;
    this.#plan = planRule(rule.reads);
  }

  get programs(): Shares {
    return this.actors;
  }

  add(match: OriginatedMatch): void {
    const { place, program } = match.origin;
    const time = Number(match.record.time / NANOSECONDS_PER_MS);
    this.count({ time, place, actor: program, text: () => this.#text(match) });
  }

  #text({ reader, view }: OriginatedMatch): string {
    const { fields } = this.rule.reads;
    const values = reader.read(this.#plan, view, () => undefined)?.values ?? [];
    return renderMessage(
      this.rule.output,
      fields.map((key, index) => ({ key, value: values[index] })),
    );
  }
}
