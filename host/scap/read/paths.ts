// Paths by their text alone, as Falco has them: joined with a directory, `.` and `..` resolved, links never.

const SLASH = 0x2f;
const UNKNOWN = '<UNKNOWN>';

/** @param directory empty: not known */
export function absolutePath(directory: Uint8Array, path: Uint8Array): Uint8Array {
  // Latin-1 keeps each byte as it is.
  const text = Buffer.from(path).toString('latin1');
  if (path[0] !== SLASH && directory.length === 0) return Buffer.from(`${UNKNOWN}${text}`, 'latin1');
  const base = path[0] === SLASH ? '' : Buffer.from(directory).toString('latin1');
  const parts: string[] = [];
  for (const part of `${base}/${text}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return Buffer.from(`/${parts.join('/')}`, 'latin1');
}
