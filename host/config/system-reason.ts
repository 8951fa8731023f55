// Why the file system refuses, in plain words.

/** `no such file or directory`, out of `ENOENT: no such file or directory, open '...'`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Its own words, "illegal operation on a directory", tell of the call rather than of the mistake.
  if ('code' in error && error.code === 'EISDIR') return 'it is a folder';
  return /^E[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.message;
}
