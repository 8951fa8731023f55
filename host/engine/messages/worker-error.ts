// Converts an error of the worker to data for the host.

import type { CaptureError } from '../../capture/native.ts';
import type { WorkerError } from './protocol.ts';

export function describeError(error: unknown): WorkerError {
  if (!(error instanceof Error)) return { code: 'ENGINE_FAILED', message: String(error) };
  const { code, detail } = error as Partial<CaptureError>;
  return {
    code: typeof code === 'string' ? code : 'ENGINE_FAILED',
    message: error.message,
    ...(detail !== undefined && { detail }),
  };
}
