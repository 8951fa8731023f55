// Whether a name is that of a secret, by the patterns of the configuration: `--db-password`, `AWS_SECRET_ACCESS_KEY`, `accessKey`.

import { matchesGlob } from '../../fields/glob.ts';
import { NO_SECRET_NAMES } from './secret-patterns.ts';

const MOST_KNOWN = 4096;
const LONGEST_KNOWN = 64;
const LONGEST_NAME = 2 * LONGEST_KNOWN;

export class SecretNames {
  readonly #patterns: readonly string[];
  readonly #known = new Map<string, boolean>();

  /** @param patterns see DEFAULT_SECRET_NAMES */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(normalized);
  }

  has(name: string): boolean {
    if (NO_SECRET_NAMES.has(name)) return false;
    // Patterns look at the beginning or the end. Each of them would go through a longer one.
    if (name.length > LONGEST_NAME) return this.has(name.slice(0, LONGEST_KNOWN) + name.slice(-LONGEST_KNOWN));
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const bytes = Buffer.from(normalized(name));
    const isSecret = this.#patterns.some((pattern) => matchesGlob(pattern, bytes));
    // Names come from what traced processes were called with.
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    if (name.length <= LONGEST_KNOWN) this.#known.set(name, isSecret);
    return isSecret;
  }
}

/** `accessKey`, `ACCESS_KEY` and `access.key` are `access-key`. */
function normalized(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[_.]/g, '-')
    .toLowerCase();
}
