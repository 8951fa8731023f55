// Secrets that are known by their place among a program's words: `vault login SECRET`, `aws configure set NAME SECRET`.

import { SECRET_WORDS, type SecretWord } from './secret-patterns.ts';
import type { NameTest } from './secret-scan.ts';

const BY_PROGRAM: ReadonlyMap<string, readonly SecretWord[]> = new Map(
  [...new Set(SECRET_WORDS.flatMap(({ programs }) => programs))].map((program) => [
    program,
    SECRET_WORDS.filter(({ programs }) => programs.includes(program)),
  ]),
);

const NONE: readonly SecretPlace[] = [];

/** `//registry/:_authToken` */
const LAST_PART = /[^/:]*$/;

/** How far the words of a command have come on the way to a secret. */
export class SecretPlace {
  readonly #word: SecretWord;
  #found = 0;
  #skipped = 0;
  #isNamed = false;
  #isPast = false;

  private constructor(word: SecretWord) {
    this.#word = word;
  }

  /** Places of a program's secrets. */
  static of(program: string): readonly SecretPlace[] {
    return BY_PROGRAM.get(program)?.map((word) => new SecretPlace(word)) ?? NONE;
  }

  /**
   * Takes the next word of the command that is not an option.
   * @returns what it is: a secret, a key with a secret as its value, or a user with a secret behind a slash
   */
  take(word: string, isSecret: NameTest): 'secret' | 'value' | 'logon' | undefined {
    const { behind, skipped = 0, as } = this.#word;
    const next = behind[this.#found];
    if (next !== undefined) {
      if (word.toLowerCase() === next) this.#found++;
      return undefined;
    }
    if (this.#isPast) return undefined;
    if (as === 'values') return word.includes('=') ? 'value' : undefined;
    if (as === 'named') {
      const isValue = this.#isNamed;
      this.#isNamed = !isValue && isSecret(LAST_PART.exec(word)?.[0] ?? '');
      return isValue ? 'secret' : undefined;
    }
    if (this.#skipped++ < skipped) return undefined;
    if (as === 'rest') return 'secret';
    this.#isPast = true;
    if (as === 'logon') return 'logon';
    // `username=me` is known by its name.
    return word.includes('=') ? undefined : 'secret';
  }
}
