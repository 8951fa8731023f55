// What a run reports to the service manager that started it, by the protocol of sd_notify(3): that it watches, reloads or stops; and, for
// the manager's watchdog, that evaluation continues. Without a manager nothing is opened or sent.

import { setTimeout as sleep } from 'node:timers/promises';
import { connectUnixDatagram, type UnixDatagram } from '../capture/unix-datagram.ts';
import { escapeText } from '../diagnostics/escape.ts';
import { count } from '../diagnostics/numbers.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { LONGEST_TIMER_MS } from '../outputs/long-timer.ts';
import type { Health } from './web/health.ts';

export interface ServiceManager {
  /** Path of a datagram socket; with @ first, a name in the abstract namespace. */
  readonly socket: string;
  /** The manager restarts a service that sends nothing for so long. */
  readonly watchdogMs?: number;
}

/** The reported state of a run. */
export interface ReportedRun {
  health(): Health;
  /** Rules in use. */
  rules(): number;
}

/** Time limit for sending messages at the end, so that a hanging manager does not keep the agent from ending. */
const CLOSE_MS = 500;

/**
 * The service manager that the environment names. Its variables are removed, because a program that the agent starts could
 * report in the agent's name.
 */
export function takeServiceManager(environment: NodeJS.ProcessEnv): ServiceManager | undefined {
  const { NOTIFY_SOCKET: socket = '', WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = environment;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
  if (!/^[/@]./.test(socket)) return undefined;
  const watchdogMs = Number(microseconds) / 1000;
  const isForThis = pid === undefined || pid === String(process.pid);
  return { socket, ...(isForThis && watchdogMs > 0 && { watchdogMs }) };
}

export class ServiceNotifier {
  readonly #manager: ServiceManager | undefined;
  readonly #onTrouble: (message: string) => void;
  #run: ReportedRun | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #connection: UnixDatagram | undefined;
  /** Messages go out one after the other. */
  #sent = Promise.resolve();
  #waiting = 0;
  #reloads = 0;
  #hasFailed = false;

  /** @param onTrouble called the first time that the manager can't be reached */
  constructor(manager: ServiceManager | undefined, onTrouble: (message: string) => void) {
    this.#manager = manager;
    this.#onTrouble = onTrouble;
  }

  /**
   * The run watches from now on. A run that watches but is not ready, because its rules need events that are not captured, is reported as
   * started too: otherwise the manager would end it, and nothing would be watched. The status gives the reason.
   */
  watching(run: ReportedRun): void {
    this.#run = run;
    this.#send('READY=1', this.#status(run));
    const { watchdogMs } = this.#manager ?? {};
    if (watchdogMs === undefined) return;
    // As sd_watchdog_enabled(3) advises.
    const interval = Math.min(watchdogMs / 2, LONGEST_TIMER_MS);
    this.#watchdog = setInterval(() => this.#keepAlive(run), interval).unref();
  }

  /** Rules and configuration are being reloaded, until the promise is settled. */
  reloading(until: Promise<unknown>): void {
    const run = this.#run;
    if (!run) return;
    // hrtime is CLOCK_MONOTONIC, by which the manager orders this and the READY=1 that follows.
    if (this.#reloads++ === 0) this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    const end = (): void => {
      // Nothing is ready any more once the end was reported.
      if (--this.#reloads === 0 && this.#run) this.#send('READY=1', this.#status(run));
    };
    until.then(end, end);
  }

  stopping(): void {
    clearInterval(this.#watchdog);
    this.#run = undefined;
    this.#send('STOPPING=1', 'STATUS=stopping');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watchdog);
    await Promise.race([this.#sent, sleep(CLOSE_MS, undefined, { ref: false })]);
    this.#connection?.close();
  }

  /** Without a WATCHDOG=1 from an agent that does not evaluate, the manager restarts it. */
  #keepAlive(run: ReportedRun): void {
    // While the manager accepts nothing, no second message is needed.
    if (this.#waiting > 0) return;
    if (run.health().alive) this.#send('WATCHDOG=1', this.#status(run));
    else this.#send(this.#status(run));
  }

  #status(run: ReportedRun): string {
    const { ready, reason } = run.health();
    return `STATUS=${ready ? `watching by ${count(run.rules(), 'rule')}` : reason}`;
  }

  #send(...lines: readonly string[]): void {
    if (!this.#manager) return;
    const { socket } = this.#manager;
    this.#waiting++;
    this.#sent = this.#sent.then(() => this.#deliver(socket, Buffer.from(lines.join('\n'))));
  }

  async #deliver(socket: string, message: Buffer): Promise<void> {
    try {
      this.#connection ??= connectUnixDatagram(socket);
      await this.#connection.send(message);
    } catch (error) {
      this.#connection?.close();
      this.#connection = undefined;
      if (!this.#hasFailed) {
        this.#onTrouble(`the service manager can't be reached at ${escapeText(socket)}: ${whyUnreachable(error)}`);
      }
      this.#hasFailed = true;
    } finally {
      this.#waiting--;
    }
  }
}

/** The system's reason of a failed connection: the error's message names only the socket. */
function whyUnreachable(error: unknown): string {
  return error instanceof Error && 'detail' in error ? String(error.detail) : reasonOf(error);
}
