// Interrupts a call that takes too long. V8 checks for interrupts at each loop's head and each function's entry, in WebAssembly too,
// and a script that is run with a timeout has a thread that asks for one.

import { type Context, createContext, Script } from 'node:vm';

const NAME = 'call';
const SCRIPT = new Script(`${NAME}()`);
/** Made when it is first needed: it takes a millisecond. */
let context: Context | undefined;

/**
 * Calls, for at most so many milliseconds of real time; returns false if that was not enough. Nothing catches the interruption: `finally` does not run, and
 * what the call has changed is as it was left. Starting the thread takes 0.1 ms. Throws what the call throws.
 */
export function callWithin(milliseconds: number, call: () => void): boolean {
  context ??= createContext({});
  context[NAME] = call;
  try {
    SCRIPT.runInContext(context, { timeout: Math.ceil(milliseconds), displayErrors: false });
    return true;
  } catch (error) {
    if (isTimeout(error)) return false;
    throw error;
  } finally {
    context[NAME] = undefined;
  }
}

/** The error is of the context, whose `Error` is another. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
