// Why the system refuses, in plain words.

/** `no such file or directory`, out of `ENOENT: no such file or directory, open '...'`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Its own words, "illegal operation on a directory", tell of the call rather than of the mistake.
  if ('code' in error && error.code === 'EISDIR') return 'it is a folder';
  return /^E[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.message;
}

/** Of a certificate that is not trusted, Node says how Node could be started to trust it; whoever reads that has started Wasprey. */
export function withoutAdvice(reason: string): string {
  return reason.replace(/; if the root CA is installed locally.*/s, '');
}
