// What takes long is looked up by a process of its own: rules from their files, and what is in the journal and in captures. It is
// started when somebody asks, and ends when nobody has for a while. Not a thread: its heap has a bound of its own, and V8 ends the process there.
// The bound is small, because a pod's memory limit counts this process too: the kubelet sets memory.oom.group on cgroup v2, so that the kernel kills
// the agent along with whatever exceeds the limit.

import { type ChildProcess, fork } from 'node:child_process';
import type { FieldValue } from '../../fields/value.ts';
import { entryFile } from '../../setup/entries.mjs';
import type { ShownActivity, ShownSession, ShownTree } from './activity/messages.ts';
import type { TreeQuestion } from './activity/session-tree.ts';
import type { ActivityQuestion } from './activity/shown-activity.ts';
import type { CapturesQuestion } from './captures/capture-rows.ts';
import type { ShownCapture, ShownCaptures, TriedOnCapture } from './captures/messages.ts';
import type { CaptureQuestion } from './captures/shown-capture.ts';
import type { TryQuestion } from './captures/try-rule.ts';
import type { ExamineQuestion } from './examined-machine.ts';
import type { ExplainQuestion } from './explained-rule.ts';
import type { NoAnswer, ShownExamination, ShownExplanation, ShownJournal, ShownRule } from './messages.ts';
import type { HoldBackQuestion } from './tuning/hold-back.ts';
import type { ShownHoldBack } from './tuning/messages.ts';

/** The longest time for an answer: a journal may have hundreds of MB, and a compiler on a busy machine takes long. */
const LONGEST_MS = 40_000;
const IDLE_MS = 30_000;
const MOST_WAITING = 8;
const LARGEST_HEAP_MB = 192;
const SHORT = 'it could not be looked up: memory or processes are short';

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

export type Question =
  | RuleQuestion
  | JournalQuestion
  | ExplainQuestion
  | ExamineQuestion
  | ActivityQuestion
  | TreeQuestion
  | CapturesQuestion
  | CaptureQuestion
  | TryQuestion
  | HoldBackQuestion;

export type Answer =
  | ShownRule
  | ShownJournal
  | ShownExplanation
  | ShownExamination
  | ShownActivity
  | ShownSession
  | ShownTree
  | ShownCaptures
  | ShownCapture
  | TriedOnCapture
  | ShownHoldBack
  | NoAnswer;

interface Waiting {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
}

export interface LookupOptions {
  /** The longest time for an answer. */
  readonly longestMs: number;
  /** Starts the process that answers. May throw, or return one whose start has failed. */
  readonly start: () => ChildProcess;
}

export class Lookup {
  readonly #options: LookupOptions;
  readonly #waiting: Waiting[] = [];
  #child: ChildProcess | undefined;
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param options other ones than the usual, for tests */
  constructor(options: Partial<LookupOptions> = {}) {
    this.#options = { longestMs: LONGEST_MS, start: startChild, ...options };
  }

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
    const { longestMs } = this.#options;
    this.#timer = setTimeout(() => {
      this.#end();
      this.#done(none(`it took longer than ${longestMs / 1000} s`));
    }, longestMs);
    try {
      this.#child ??= this.#start();
      this.#child.send(first.question);
    } catch {
      // fork() throws ENOMEM, and returns a process without send() where file descriptors are short.
      this.#end();
      setImmediate(() => this.#done(none(SHORT)));
    }
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
    const child = this.#options.start();
    child.unref();
    child.channel?.unref();
    // One that was given up may still answer.
    child.on('message', (answer: Answer) => {
      if (this.#child === child) this.#done(answer);
    });
    const failed = (): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#isBusy) this.#done(none(SHORT));
    };
    child.once('exit', failed);
    child.on('error', failed);
    return child;
  }

  #end(): void {
    clearTimeout(this.#timer);
    const child = this.#child;
    this.#child = undefined;
    // Without a PID it has not started: kill() would be sent to process 0, the agent's own group.
    if (child?.pid !== undefined) child.kill('SIGKILL');
  }
}

function startChild(): ChildProcess {
  const { WASPREY_CACHE } = process.env;
  return fork(entryFile('lookup'), {
    execArgv: [`--max-old-space-size=${LARGEST_HEAP_MB}`],
    // Values of fields are bytes and large integers.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Nothing else of the agent's environment is for it.
    env: WASPREY_CACHE === undefined ? {} : { WASPREY_CACHE },
  });
}

function none(reason: string): NoAnswer {
  return { kind: 'none', reason };
}
