// Captures by rules: which alert starts one, which is added to a running one, and the limits. What a limit cuts or refuses is reported.

import { basename } from 'node:path';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { withinTime } from '../engine/host/within-time.ts';
import type { RecordingFacts } from '../recording/format.ts';
import type { Captured, CapturedAlert, CaptureScope } from './notes/capture-notes.ts';
import type { StateScope } from './state/state.ts';
import { ActiveCapture, type BeforeEvents } from './writer/active-capture.ts';
import { SUFFIX } from './writer/make-room.ts';

export interface CaptureSettings {
  /** Files are named after it: `PREFIX_TIME_NUMBER.wsp`. */
  readonly pathPrefix: string;
  /** All rules begin captures, or those that say so. */
  readonly mode: 'rules' | 'all_rules';
  /** ms. */
  readonly duration: number;
  readonly before: number;
  readonly scope: CaptureScope;
  readonly state: boolean;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files; the oldest are removed to make room. */
  readonly totalBytes: number;
  /** Captures of one rule in an hour. */
  readonly perRule: number;
}

/** At a time. Each has a thread, and counts until the thread has ended. */
const MOST_ACTIVE = 4;
const HOUR_MS = 3_600_000;
/** However many alerts prolong it. */
const LONGEST_MS = 600_000;
/** At the end: the engine and the journal answer within it, or the capture ends without them. */
const ANSWER_MS = 5_000;
/** For all of close(): whatever hangs, the agent ends. */
const CLOSE_MS = 8_000;

export interface CapturesSummary {
  /** Threads of captures: also those that hang. */
  readonly active: number;
  readonly made: number;
  /** Captures that failed, and alerts that had none because of a bound. */
  readonly failed: number;
  readonly refused: number;
}

export interface EngineScopes {
  readonly all: boolean;
  readonly containers: readonly string[];
  readonly trees: readonly number[];
}

export interface CapturesHost {
  readonly setScopes: (scopes: EngineScopes) => Promise<void>;
  /** What the journal has; called when all of it up to now was sent. @param since ms since the epoch */
  readonly before: (since: number) => Promise<BeforeEvents>;
  readonly facts: () => RecordingFacts;
  /** Events that were dropped since the start. */
  readonly dropped: () => number;
  /** A capture could not be made, or not be finished. */
  readonly onFailure: (message: string) => void;
}

interface Running {
  readonly key: string;
  readonly name: string;
  readonly scope: StateScope;
  readonly capture: ActiveCapture;
  readonly began: number;
  readonly droppedBefore: number;
  /** What was before the alert has come. */
  before: Promise<void>;
  timer: NodeJS.Timeout | undefined;
  /** The end, by performance.now(). */
  until: number;
  leftOut: number;
}

/** The alert that a capture is for. */
export interface Subject {
  readonly alert: CapturedAlert;
  /** Id of the process's session; 0 if unknown. */
  readonly session: number;
  /** ms; undefined: as the settings say. */
  readonly duration?: number;
}

export class Captures {
  readonly #settings: CaptureSettings;
  readonly #host: CapturesHost;
  /** Captures that run, by scope. */
  readonly #running = new Map<string, Running>();
  /** Captures whose thread has not ended. */
  readonly #threads = new Set<ActiveCapture>();
  readonly #ending = new Set<Promise<void>>();
  /** Times of the captures of each rule within the last hour, by performance.now(). */
  readonly #times = new Map<string, number[]>();
  #scopesSet: Promise<void> = Promise.resolve();
  #number = 0;
  #isClosed = false;
  #made = 0;
  #failed = 0;
  #refused = 0;

  constructor(settings: CaptureSettings, host: CapturesHost) {
    this.#settings = settings;
    this.#host = host;
  }

  get summary(): CapturesSummary {
    return { active: this.#threads.size, made: this.#made, failed: this.#failed, refused: this.#refused };
  }

  /** Begins a capture for the alert, or adds it to the one of its scope. Returns the file's name; undefined: a bound is reached, or it failed. */
  take(subject: Subject): string | undefined {
    const { alert, duration = this.#settings.duration } = subject;
    const scope = this.#scopeOf(subject);
    const key = keyOf(scope);
    if (this.#isClosed) return undefined;
    const running = this.#running.get(key);
    if (running) {
      running.capture.alert({ alert });
      this.#prolong(running, duration);
      return running.name;
    }
    const refusal = this.#refusal(alert.rule);
    if (refusal !== undefined) {
      this.#refused++;
      this.#host.onFailure(refusal);
      return undefined;
    }
    try {
      return this.#begin(key, scope, alert, duration);
    } catch (error) {
      this.#failed++;
      this.#host.onFailure(`a capture can't be made: ${reasonOf(error)}`);
      return undefined;
    }
  }

  /** A block of what is captured, for all that are under way. */
  block(payload: Uint8Array): void {
    for (const { capture } of this.#running.values()) capture.block(payload);
  }

  /** Counts events that are missing in all that are under way. */
  leftOut(events: number): void {
    for (const running of this.#running.values()) running.leftOut += events;
  }

  /** Ends all, within its time. Later alerts begin none. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const running of this.#running.values()) this.#end(running);
    if (await withinTime(Promise.all(this.#ending), CLOSE_MS)) return;
    this.#host.onFailure('captures are incomplete: they did not end in time');
  }

  #scopeOf({ alert: { container, pid }, session }: Subject): StateScope {
    const { scope } = this.#settings;
    if (scope === 'all') return { kind: 'all' };
    if (scope === 'container' && container !== '' && container !== 'host') return { kind: 'container', id: container };
    return { kind: 'process_tree', pid: session === 0 ? pid : session };
  }

  #refusal(rule: string): string | undefined {
    if (this.#threads.size >= MOST_ACTIVE) return `an alert has no capture: ${MOST_ACTIVE} are under way`;
    const now = performance.now();
    const recent = (this.#times.get(rule) ?? []).filter((time) => now - time < HOUR_MS);
    if (recent.length >= this.#settings.perRule) {
      return `an alert has no capture: the rule ${rule} has begun ${recent.length} within an hour`;
    }
    this.#times.set(rule, [...recent, now]);
    return undefined;
  }

  #begin(key: string, scope: StateScope, alert: CapturedAlert, duration: number): string {
    const { pathPrefix, before, fileBytes, totalBytes, state } = this.#settings;
    const digits = (value: bigint | number): string => String(value).padStart(20, '0');
    const path = `${pathPrefix}_${digits(alert.time)}_${digits(this.#number++)}${SUFFIX}`;
    const name = basename(path);
    const terms: Captured['terms'] = { scope: scope.kind, beforeMs: before, afterMs: duration };
    const since = alert.time - BigInt(before) * 1_000_000n;
    const others = [...this.#running.values()].map((running) => running.name);
    const capture = new ActiveCapture({
      plan: { path, facts: this.#host.facts(), scope, since, mostBytes: fileBytes },
      room: { pathPrefix, fileBytes, totalBytes, running: others },
      captured: { alert, terms },
      takesState: state,
    });
    this.#threads.add(capture);
    void capture.exited.then(() => this.#threads.delete(capture));
    const now = performance.now();
    const running: Running = {
      ...{ key, name, scope, capture, began: now, droppedBefore: this.#host.dropped(), leftOut: 0 },
      ...{ before: Promise.resolve(), timer: undefined, until: now },
    };
    this.#running.set(key, running);
    running.before = this.#sendBefore(running, Number(alert.time / 1_000_000n) - before);
    this.#prolong(running, duration);
    // One that fails is reported at once.
    void capture.outcome.then(() => this.#end(running));
    return name;
  }

  async #sendBefore({ capture }: Running, since: number): Promise<void> {
    await this.#applyScopes();
    capture.before(await this.#before(since));
  }

  async #before(since: number): Promise<BeforeEvents> {
    try {
      return await this.#host.before(since);
    } catch (error) {
      return { segments: [], missing: `Events before the alert are missing: ${reasonOf(error)}.` };
    }
  }

  #prolong(running: Running, duration: number): void {
    const now = performance.now();
    const until = Math.min(now + duration, running.began + LONGEST_MS);
    if (running.timer && until <= running.until) return;
    clearTimeout(running.timer);
    running.until = until;
    running.timer = setTimeout(() => this.#end(running), until - now);
  }

  #end(running: Running): void {
    if (running.until === Number.POSITIVE_INFINITY) return;
    clearTimeout(running.timer);
    running.until = Number.POSITIVE_INFINITY;
    const ending = this.#finish(running).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** Others of the scope begin another one; the last blocks of this one are still on their way. */
  async #finish(running: Running): Promise<void> {
    await withinTime(Promise.all([this.#applyScopes(), running.before]), ANSWER_MS);
    this.#running.delete(running.key);
    const cuts = running.leftOut > 0 ? [`${running.leftOut} events are missing: the agent did not keep up.`] : [];
    const dropped = this.#host.dropped() - running.droppedBefore;
    const outcome = await running.capture.end(dropped, (performance.now() - running.began) / 1000, cuts);
    if (outcome.kind === 'done') this.#made++;
    else {
      this.#failed++;
      this.#host.onFailure(`the capture ${running.name} is incomplete: ${outcome.reason}`);
    }
  }

  /** One after the other: each is for all that are under way then. */
  #applyScopes(): Promise<void> {
    this.#scopesSet = this.#scopesSet.then(() => this.#host.setScopes(this.#scopes())).catch(() => {});
    return this.#scopesSet;
  }

  #scopes(): EngineScopes {
    const scopes = [...this.#running.values()].filter(({ until }) => until !== Number.POSITIVE_INFINITY);
    return {
      all: scopes.some(({ scope }) => scope.kind === 'all'),
      containers: scopes.flatMap(({ scope }) => (scope.kind === 'container' ? [scope.id] : [])),
      trees: scopes.flatMap(({ scope }) => (scope.kind === 'process_tree' ? [scope.pid] : [])),
    };
  }
}

function keyOf(scope: StateScope): string {
  switch (scope.kind) {
    case 'all':
      return 'all';
    case 'container':
      return `container ${scope.id}`;
    case 'process_tree':
      return `tree ${scope.pid}`;
  }
}
