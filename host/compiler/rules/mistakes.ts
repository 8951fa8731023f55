// The errors of rule files. Falco gives up at the first; people get all that do not follow from another.

import { type Diagnostic, RuleLoadError } from '../../diagnostics/diagnostic.ts';

type LoadError = RuleLoadError['diagnostic'];

export interface FollowingError {
  readonly error: LoadError;
  /** What has the error that it follows from. */
  readonly macro: string;
}

/** Nobody reads more at once. */
const MOST_ERRORS = 100;

export class Mistakes {
  readonly #everyError: boolean;
  /** Mistakes by place: rules that use a macro find the same mistake in it. */
  readonly #found = new Map<string, LoadError>();
  /** Items with an error: later errors about them may follow from it. */
  readonly #broken = new Set<string>();
  readonly #following: FollowingError[] = [];

  /** @param everyError go on after an error */
  constructor(everyError: boolean) {
    this.#everyError = everyError;
  }

  get any(): boolean {
    return this.#found.size > 0;
  }

  /** In the order of the file. */
  get found(): LoadError[] {
    return [...this.#found.values()].sort((a, b) => a.offset - b.offset);
  }

  /** Errors that are there because a macro has one. */
  get following(): readonly FollowingError[] {
    return this.#following;
  }

  get inList(): boolean {
    return [...this.#broken].some((item) => item.startsWith('list '));
  }

  /**
   * Does a part of the work that others do not depend on.
   * @throws {RuleLoadError} if the file is not read further: only the first error is wanted, or there are too many
   */
  attempt<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof RuleLoadError) || !this.#everyError || this.#found.size >= MOST_ERRORS) throw error;
      this.add(error);
      return undefined;
    }
  }

  add({ diagnostic, follows }: RuleLoadError): void {
    const item = itemOf(diagnostic);
    const follow = follows !== undefined && this.#broken.has(`macro ${follows}`);
    const known = follow || (item !== undefined && this.#broken.has(item));
    if (follow) this.#following.push({ error: diagnostic, macro: follows });
    if (item !== undefined) this.#broken.add(item);
    const place = `${diagnostic.file} ${diagnostic.offset}`;
    if (!known && !this.#found.has(place)) this.#found.set(place, diagnostic);
  }
}

function itemOf({ context }: Diagnostic): string | undefined {
  const item = context.find(
    ({ type, name }) => name !== '' && (type === 'rule' || type === 'macro' || type === 'list'),
  );
  return item && `${item.type} ${item.name}`;
}
