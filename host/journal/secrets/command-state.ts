// What was read of one command, word by word: what its next words are.

import { ASKING_PROGRAMS, LOGIN_PROGRAMS, PROGRAM_OPTIONS, type ProgramOptions } from './secret-patterns.ts';
import { SecretPlace } from './secret-place.ts';

const BY_PROGRAM: ReadonlyMap<string, ProgramOptions> = new Map(
  PROGRAM_OPTIONS.flatMap((options) => options.programs.map((program) => [program, options] as const)),
);

/** What the next word is. */
export type Expected =
  | { readonly as: 'secret' | 'header' | 'literal' }
  | { readonly as: 'credentials'; readonly separator: string }
  | undefined;

export class CommandState {
  expected: Expected = undefined;
  /** The next word is a text of commands: `sh -c`. */
  isScriptNext = false;
  options: ProgramOptions | undefined;
  asks = false;
  /** Whether its `-p` can't be a secret yet: `login` has not come. */
  awaitsLogin = false;
  /** Within the value of a cookie, whose parts semicolons separate as they do commands. */
  isInCookie = false;
  /** `PASSWORD 'SECRET'` and `IDENTIFIED BY 'SECRET'`: what came last of these words. */
  sql: 'password' | 'identified' | undefined;
  /** Where secrets may stand among the words that are not options. */
  places: readonly SecretPlace[] = [];

  readonly #isMessage: boolean;

  constructor(isMessage = false) {
    this.#isMessage = isMessage;
  }

  /** Any word may be the program: `sudo -u db mysql ...`, `kubectl exec db -- mysql ...`; in a message also `command=mysql ...`. */
  take(word: string): void {
    const equals = this.#isMessage ? word.indexOf('=') : -1;
    const name = word.slice(Math.max(word.lastIndexOf('/'), equals) + 1);
    if (name === 'login') this.awaitsLogin = false;
    const places = SecretPlace.of(name);
    if (places.length > 0) this.places = places;
    const options = BY_PROGRAM.get(name);
    if (!options && !ASKING_PROGRAMS.has(name)) return;
    this.options = options;
    this.asks = ASKING_PROGRAMS.has(name);
    this.awaitsLogin = LOGIN_PROGRAMS.has(name);
  }
}
