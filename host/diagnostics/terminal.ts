// Where a command writes: results to stdout, what it says about its work to stderr; colour where a person sees it.

import { LINE_WIDTH } from './layout.ts';

export interface Terminal {
  /** Results. */
  print(text: string): void;
  /** Messages. */
  say(text: string): void;
  /** Whether messages may have colour. */
  readonly color: boolean;
  /** Whether a person reads the results as they come. */
  readonly interactive: boolean;
  /** Width for text that a person reads. */
  readonly width: number;
  /** Bold on stdout, if it is a terminal. */
  bold(text: string): string;
  /** Red on stderr, if it is a terminal. */
  alarm(text: string): string;
}

/** Nobody reads it. */
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

/** Colour is for terminals, unless NO_COLOR (no-color.org: any value but an empty one) or TERM=dumb says otherwise. */
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
