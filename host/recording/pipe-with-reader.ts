// A pipe that something is written into. Opening one that nobody reads would wait for a reader, which nothing but a kill ends.

import { constants, openSync } from 'node:fs';
import { RecordingError } from './format.ts';

/**
 * @returns a descriptor, to be kept open: with it the pipe has a writer all the time, and another open of it does not wait
 * @throws {RecordingError} if nobody reads it
 */
export function pipeWithReader(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENXIO') {
      throw new RecordingError('RECORDING_PIPE', 'it is a pipe that nobody reads');
    }
    throw error;
  }
}
