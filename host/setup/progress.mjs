// Progress of set-up on stderr (stdout belongs to the command that follows): one line a step, with its time.
// On a terminal the line also shows the seconds and the last line that the step's tool printed.

import { stripVTControlCharacters } from 'node:util';

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

/** What isn't a printable ASCII character would shift the line. */
const UNPRINTABLE = /[^ -~]/g;

export class Progress {
  /** @param {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} stream */
  constructor(stream = process.stderr) {
    this.stream = stream;
    this.began = performance.now();
  }

  /** @param {string} text */
  say(text) {
    this.stream.write(`${text}\n`);
  }

  /**
   * Runs one step and prints its line, with the time on success and `failed` otherwise.
   * @template T
   * @param {string} title what is made
   * @param {string} detail of what
   * @param {(note: (text: string) => void) => Promise<T>} work `note` takes what the step's tool prints
   * @returns {Promise<T>}
   */
  async step(title, detail, work) {
    const began = performance.now();
    const line = `  ${title.padEnd(TITLE_WIDTH)} ${detail.padEnd(DETAIL_WIDTH)} `;
    this.stream.write(line);
    let note = '';
    const redraw = () => {
      const shown = `${line}${formatSeconds(performance.now() - began)}  ${note}`;
      this.stream.write(`\r\x1b[2K${shown.slice(0, (this.stream.columns ?? 80) - 1)}`);
    };
    const ticking = this.stream.isTTY ? setInterval(redraw, 200) : undefined;
    const finish = (/** @type {string} */ outcome) => {
      clearInterval(ticking);
      this.stream.write(`${this.stream.isTTY ? `\r\x1b[2K${line}` : ''}${outcome}\n`);
    };
    try {
      const result = await work((text) => {
        note = stripVTControlCharacters(text).replace(UNPRINTABLE, '');
      });
      finish(formatSeconds(performance.now() - began));
      return result;
    } catch (error) {
      finish('failed');
      throw error;
    }
  }
}
