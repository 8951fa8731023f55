// What a rule did on a history: how often it fired, when, for whom, with examples. Bounded, however often it fired.

import { planRule } from '../../engine/match-reader.ts';
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

export class RuleFigures {
  readonly rule: TriedRule;
  readonly #plan: ReturnType<typeof planRule>;
  readonly places = new Shares();
  readonly programs = new Shares();
  readonly #days = new Map<number, number>();
  readonly #examples: Example[] = [];
  /** Examples of origins that have one already, for want of others. */
  readonly #spare: Example[] = [];
  #alerts = 0;
  #mostOnADay = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(rule: TriedRule) {
    this.rule = rule;
    this.#plan = planRule(rule.reads);
  }

  add(match: OriginatedMatch): void {
    const { place, program } = match.origin;
    const time = Number(match.record.time / NANOSECONDS_PER_MS);
    const isNew = !this.places.has(place) || !this.programs.has(program);
    this.#alerts++;
    this.#first = Math.min(this.#first, time);
    this.#last = Math.max(this.#last, time);
    this.places.add(place);
    this.programs.add(program);
    const day = Math.floor(time / DAY_MS);
    const alerts = (this.#days.get(day) ?? 0) + 1;
    this.#days.set(day, alerts);
    this.#mostOnADay = Math.max(this.#mostOnADay, alerts);
    const into = isNew ? this.#examples : this.#spare;
    if (into.length < MOST_EXAMPLES) into.push({ time, text: this.#text(match) });
  }

  get alerts(): number {
    return this.#alerts;
  }

  /** Of the first and the last alert, in ms since the epoch; undefined if there is none. */
  get times(): { readonly first: number; readonly last: number } | undefined {
    return this.#alerts > 0 ? { first: this.#first, last: this.#last } : undefined;
  }

  /** The most alerts on one day, by UTC. */
  get mostOnADay(): number {
    return this.#mostOnADay;
  }

  /** Of different origins, if there are; in order of time. */
  get examples(): readonly Example[] {
    const chosen = [...this.#examples, ...this.#spare].slice(0, MOST_EXAMPLES);
    return chosen.sort((a, b) => a.time - b.time);
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
