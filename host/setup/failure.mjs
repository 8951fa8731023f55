// What set-up says when it can't go on: one message that names what is missing and how to get it, never a stack trace.

/**
 * Something that keeps Wasprey from being set up or started.
 * @typedef {{ what: string, how: string }} Problem  what is wrong, and what the person can do
 */

/** A failure with its remedy; everything else that is thrown is a defect of Wasprey itself. */
export class SetupFailure extends Error {
  /**
   * @param {string} summary one clause, as in "wasprey: SUMMARY"
   * @param {readonly Problem[]} problems
   * @param {{ output?: string, log?: string }} [evidence] last lines of the tool that failed; where all of it is
   */
  constructor(summary, problems, evidence = {}) {
    super(summary);
    this.name = 'SetupFailure';
    this.problems = problems;
    this.evidence = evidence;
  }
}

/** Ctrl-C or a termination signal during set-up. */
export class Interrupted extends Error {
  /** @param {'SIGINT' | 'SIGTERM' | 'SIGHUP'} signal */
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
    this.signal = signal;
  }
}

/**
 * @param {SetupFailure} failure
 * @returns {string} the message, with a newline at its end
 */
export function renderFailure(failure) {
  const lines = [`wasprey: ${failure.message}`];
  for (const { what, how } of failure.problems) {
    lines.push(`  * ${what}`, ...how.split('\n').map((line) => `    ${line}`));
  }
  const { output, log } = failure.evidence;
  if (output) lines.push('  its last lines:', ...output.split('\n').map((line) => `    | ${shortened(line)}`));
  if (log) lines.push(`  all of its output: ${log}`);
  return `${lines.join('\n')}\n`;
}

/** Compilers' command lines take half a screen each; the log has them whole. */
const LINE_LENGTH = 160;

/** @param {string} line */
function shortened(line) {
  return line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}...` : line;
}

/**
 * Prints what was thrown to stderr.
 * @param {unknown} error
 * @returns {number} the exit status
 */
export function reportFailure(error) {
  if (error instanceof SetupFailure) {
    process.stderr.write(renderFailure(error));
    return 1;
  }
  if (error instanceof Interrupted) {
    process.stderr.write('\nwasprey: set-up interrupted; the next start goes on from here\n');
    return { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[error.signal];
  }
  throw error;
}
