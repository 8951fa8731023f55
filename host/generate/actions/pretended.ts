// Behaviour of programs that only pretend: act under another name, which does nothing.

import type { Behaviour } from './action.ts';
import { become, pretend } from './steps.ts';

/** A program of that name runs, with the marker as its last argument. */
export function runs(program: string, ...words: readonly string[]): Behaviour {
  return { steps: ({ directory, marker }) => [pretend(directory, program, ...words, marker)] };
}

/** A child of one program is the other. */
export function starts(parent: string, program: string, ...words: readonly string[]): Behaviour {
  return {
    steps: ({ directory, marker }) => [become(directory, parent), pretend(directory, program, ...words, marker)],
  };
}
