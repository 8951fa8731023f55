// Errors of the engine.

import type { WorkerError } from './protocol.ts';

/** Why the engine could not start or ended by itself. `code` is stable: the addon's, or ENGINE_*. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: string;
  readonly detail?: string;

  constructor({ code, message, detail }: WorkerError) {
    super(message);
    this.code = code;
    if (detail !== undefined) this.detail = detail;
  }
}
