// Output of a command: results to stdout, messages to stderr; coloured on a terminal.

import { LINE_WIDTH } from './layout.ts';

export interface Terminal {
  /** Results. */
  print(text: string): void;
  /** Messages. */
  say(text: string): void;
  /** Whether messages may have colour. */
  readonly color: boolean;
  /** Whether the results go to a terminal. */
  readonly interactive: boolean;
  /** Width of text for people. */
  readonly width: number;
  /** Bold on stdout, if it is a terminal. */
  bold(text: string): string;
  /** Red on stderr, if it is a terminal. */
  alarm(text: string): string;
}

/** Discards all output. */
export const SILENT: Terminal = {
  print: () => {},
  say: () => {},
  color: false,
  interactive: false,
  width: LINE_WIDTH,
  bold: (text) => text,
  alarm: (text) => text,
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Terminals get colour, unless NO_COLOR (no-color.org: any value but an empty one) or TERM=dumb is set. */
export function wantsColor(stream: { readonly isTTY?: boolean }, environment: Environment): boolean {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}

export function processTerminal(): Terminal {
  const boldOutput = wantsColor(process.stdout, process.env);
  const color = wantsColor(process.stderr, process.env);
  return {
    print: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(text),
    color,
    interactive: process.stdout.isTTY === true,
    width: Math.min(LINE_WIDTH, process.stdout.columns ?? LINE_WIDTH),
    bold: (text) => (boldOutput ? `\x1b[1m${text}\x1b[0m` : text),
    alarm: (text) => (color ? `\x1b[1;31m${text}\x1b[0m` : text),
  };
}
