// What takes long is looked up by a thread of its own: the condition of a rule, from its file, and what the journal has around an alert. The thread
// is started when somebody asks, and ends when nobody has for a while.

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FieldValue } from '../../fields/value.ts';
import type { ShownJournal, ShownRule } from './messages.ts';

/** Of an answer: a journal may have hundreds of MB. */
const LONGEST_MS = 20_000;
const IDLE_MS = 30_000;
const MOST_WAITING = 8;
const LARGEST_HEAP_MB = 512;

export interface RuleQuestion {
  readonly kind: 'rule';
  readonly rule: string;
  readonly files: readonly string[];
  readonly seen: readonly (readonly [key: string, value: FieldValue | undefined])[];
  /** Values of static.NAME. */
  readonly statics: Readonly<Record<string, string>>;
}

export interface JournalQuestion {
  readonly kind: 'journal';
  readonly folder: string;
  /** ms since the epoch, of the alert. */
  readonly time: number;
  /** The process of the alert and its session, 0 for none; and its container, empty for the host. */
  readonly pid: number;
  readonly session: number;
  readonly container: string;
  readonly secretNames: readonly string[];
}

export type Question = RuleQuestion | JournalQuestion;
export type Answer = ShownRule | ShownJournal;

interface Waiting {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
}

export class Lookup {
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined;
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Never rejects: what can't be found has its reason. */
  ask(question: Question): Promise<Answer> {
    if (this.#isClosed) return Promise.resolve(none('the agent is stopping'));
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.resolve(none('too much is being looked up: try again in a moment'));
    }
    return new Promise((resolve) => {
      this.#waiting.push({ question, resolve });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(none('the agent is stopping'));
    await this.#end();
  }

  #next(): void {
    const [first] = this.#waiting;
    if (!first || this.#isBusy) return;
    this.#isBusy = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#end();
      this.#done(none(`it took longer than ${LONGEST_MS / 1000} s`));
    }, LONGEST_MS);
    this.#worker ??= this.#start();
    this.#worker.postMessage(first.question);
  }

  #done(answer: Answer): void {
    clearTimeout(this.#timer);
    this.#isBusy = false;
    this.#waiting.shift()?.resolve(answer);
    this.#next();
    if (this.#isBusy) return;
    this.#timer = setTimeout(() => void this.#end(), IDLE_MS);
    this.#timer.unref();
  }

  #start(): Worker {
    const file = new URL(`./lookup-worker${extname(import.meta.filename)}`, import.meta.url);
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: LARGEST_HEAP_MB } });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#done(answer));
    worker.on('error', (error) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#done(none(error.message));
    });
    return worker;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function none(reason: string): Answer {
  return { kind: 'none', reason };
}
