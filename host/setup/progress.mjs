// Progress of set-up on stderr (stdout belongs to the command that follows): one line a step, with its time.

const TITLE_WIDTH = 17;
const DETAIL_WIDTH = 46;

/**
 * @param {number} milliseconds
 * @returns {string} e.g. `0.4 s`, `73 s`
 */
export function formatSeconds(milliseconds) {
  const seconds = milliseconds / 1000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

/**
 * Runs one step and prints its line, with the time on success and `failed` otherwise.
 * @template T
 * @param {string} title what is made
 * @param {string} detail of what
 * @param {() => T | Promise<T>} work
 * @param {{ write(text: string): unknown }} [stream]
 * @returns {Promise<T>}
 */
export async function showStep(title, detail, work, stream = process.stderr) {
  const began = performance.now();
  stream.write(`  ${title.padEnd(TITLE_WIDTH)} ${detail.padEnd(DETAIL_WIDTH)} `);
  let outcome = 'failed';
  try {
    const result = await work();
    outcome = formatSeconds(performance.now() - began);
    return result;
  } finally {
    stream.write(`${outcome}\n`);
  }
}
