// The outputs of a run, and what becomes of their failures.

import type { Agent } from '../agent/agent.ts';
import type { Log } from '../diagnostics/log.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import type { Output } from '../outputs/output.ts';
import { alertFormat, makeOutputs, type OutputChoice } from './make-outputs.ts';
import type { RunSettings } from './settings.ts';

export interface RunOutputsHost {
  /** Undefined until it has started. */
  readonly agent: () => Agent | undefined;
  /** Called when the only output has no reader any more (`| head`). */
  readonly onUnread: () => void;
}

export class RunOutputs {
  readonly #board: Output | undefined;
  readonly #log: Log;
  readonly #host: RunOutputsHost;
  /** Without the page's board, which stays when the last reader of alerts has gone. */
  #count = 0;

  /** @param board the page's; undefined: there is no page */
  constructor(board: Output | undefined, log: Log, host: RunOutputsHost) {
    this.#board = board;
    this.#log = log;
    this.#host = host;
  }

  /** Makes all outputs, the page's board among them. */
  async make(settings: RunSettings): Promise<Output[]> {
    const outputs = await this.#made(settings);
    this.#count = outputs.length;
    return this.#board ? [...outputs, this.#board] : outputs;
  }

  /** Replaces the outputs of those names. */
  async replace(agent: Agent, settings: RunSettings, names: ReadonlySet<string>): Promise<void> {
    const all = await agent.replaceOutputs(names, await this.#made(settings, names));
    this.#count = all - (this.#board ? 1 : 0);
  }

  #made(settings: RunSettings, only?: ReadonlySet<string>): Promise<Output[]> {
    const choice: OutputChoice = {
      ...settings,
      format: alertFormat(settings.configuration, settings.isoTime),
      onError: (name, place, error) => this.#failed(name, place, error),
      onTrouble: (name, message, lost) => {
        this.#log.say(lost ? 'critical' : 'error', message);
        if (lost) this.#host.agent()?.outputFailed(name, message);
      },
    };
    return makeOutputs(choice, only);
  }

  #failed(name: string, place: string, error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE' && this.#count === 1) {
      this.#host.onUnread();
      return;
    }
    const message = `alerts can't be written to ${place}: ${reasonOf(error)}`;
    this.#log.say('error', message);
    this.#host.agent()?.outputFailed(name, message);
  }
}
