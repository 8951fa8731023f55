// Why a text has no outcome.

/** The text was not evaluated: the thread has ended, or is not running. It may be given again. */
export class EvaluationInterrupted extends Error {
  override readonly name = 'EvaluationInterrupted';
  /** Whether the thread had it, and so may have ended because of it. */
  readonly wasGiven: boolean;

  constructor(message: string, wasGiven: boolean) {
    super(message);
    this.wasGiven = wasGiven;
  }
}
