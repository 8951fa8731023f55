// Why a condition of `unless` is refused.

/** What is wrong with a condition, and where in its text, in bytes of UTF-8. */
export class UnlessError extends Error {
  override readonly name = 'UnlessError';
  readonly start: number;
  readonly end: number;
  readonly help: string | undefined;

  constructor(message: string, { start, end }: { readonly start: number; readonly end: number }, help?: string) {
    super(message);
    this.start = start;
    this.end = end;
    this.help = help;
  }
}
