// What takes long is looked up by a process of its own: the condition of a rule, from its file, and what the journal has around an alert. It is
// started when somebody asks, and ends when nobody has for a while. Not a thread:
// its memory is bounded by itself, and the kernel kills it before the agent.

import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
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
  #child: ChildProcess | undefined;
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

  close(): void {
    this.#isClosed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(none('the agent is stopping'));
    this.#end();
  }

  #next(): void {
    const [first] = this.#waiting;
    if (!first || this.#isBusy) return;
    this.#isBusy = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#end();
      this.#done(none(`it took longer than ${LONGEST_MS / 1000} s`));
    }, LONGEST_MS);
    this.#child ??= this.#start();
    this.#child.send(first.question);
  }

  #done(answer: Answer): void {
    clearTimeout(this.#timer);
    this.#isBusy = false;
    this.#waiting.shift()?.resolve(answer);
    this.#next();
    if (this.#isBusy) return;
    this.#timer = setTimeout(() => this.#end(), IDLE_MS);
    this.#timer.unref();
  }

  #start(): ChildProcess {
    const file = join(import.meta.dirname, `lookup-child${extname(import.meta.filename)}`);
    const { WASPREY_CACHE } = process.env;
    const child = fork(file, {
      execArgv: [`--max-old-space-size=${LARGEST_HEAP_MB}`],
      // Values of fields are bytes and large integers.
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Nothing else of the agent's environment is for it.
      env: WASPREY_CACHE === undefined ? {} : { WASPREY_CACHE },
    });
    child.unref();
    child.channel?.unref();
    child.on('message', (answer: Answer) => this.#done(answer));
    const failed = (): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#isBusy) this.#done(none('it could not be looked up: memory or processes are short'));
    };
    child.once('exit', failed);
    child.once('error', failed);
    return child;
  }

  #end(): void {
    clearTimeout(this.#timer);
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }
}

function none(reason: string): Answer {
  return { kind: 'none', reason };
}
