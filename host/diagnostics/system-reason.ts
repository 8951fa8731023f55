// What went wrong, in plain words, from what was thrown.

/** The message of an error as it is. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `no such file or directory`, from `ENOENT: no such file or directory, open '...'`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The system's text, "illegal operation on a directory", describes the call instead of the mistake.
  if ('code' in error && error.code === 'EISDIR') return 'it is a folder';
  return /^E[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.message;
}

/** Removes Node's advice on how to start Node so that it trusts a certificate: the reader has started Wasprey. */
export function withoutAdvice(reason: string): string {
  return reason.replace(/; if the root CA is installed locally.*/s, '');
}
