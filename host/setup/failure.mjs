// The message of a failed set-up: it names what is missing and how to get it, and never has a stack trace.

/**
 * Something that keeps Wasprey from being set up or started.
 * @typedef {{ what: string, how: string }} Problem  the problem, and its fix
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

/** The machine, or who this is on it, lacks what no set-up can supply. Tests that need it are skipped. */
export class MachineLacks extends SetupFailure {}

/** Compilers' command lines take half a screen each; the log has them whole. */
const LINE_LENGTH = 160;

/**
 * @param {SetupFailure} failure
 * @returns {string} the message, with a newline at its end
 */
export function renderFailure({ message, problems, evidence: { output, log } }) {
  const lines = [`wasprey: ${message}`];
  for (const { what, how } of problems) lines.push(`  * ${what}`, ...how.split('\n').map((line) => `    ${line}`));
  if (output)
    lines.push('  its last lines:', ...output.split('\n').map((line) => `    | ${line.slice(0, LINE_LENGTH)}`));
  if (log) lines.push(`  all of its output: ${log}`);
  return `${lines.join('\n')}\n`;
}

/**
 * Prints a failure to stderr; throws whatever else it is given.
 * @param {unknown} error
 * @returns {number} the exit status
 */
export function reportFailure(error) {
  if (!(error instanceof SetupFailure)) throw error;
  process.stderr.write(renderFailure(error));
  return 1;
}
