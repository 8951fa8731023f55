// Names of user and group ids that a call was given (setuid, setresuid...), from the machine's own files. The user that
// a process runs as needs no look-up: its image carries the name.

import { readFileSync, statSync } from 'node:fs';

/** How long a file's contents are trusted before its time stamp is looked at again, in ms. */
const TRUST_MS = 1000;

class AccountFile {
  readonly #path: string;
  #names = new Map<number, string>();
  #checkedAt = Number.NEGATIVE_INFINITY;
  #stamp = '';

  constructor(path: string) {
    this.#path = path;
  }

  name(id: number): string | undefined {
    this.#refresh();
    return this.#names.get(id);
  }

  #refresh(): void {
    const now = performance.now();
    if (now - this.#checkedAt < TRUST_MS) return;
    this.#checkedAt = now;
    try {
      const { mtimeNs, size } = statSync(this.#path, { bigint: true });
      const stamp = `${mtimeNs}:${size}`;
      if (stamp === this.#stamp) return;
      this.#names = parse(readFileSync(this.#path, 'utf8'));
      this.#stamp = stamp;
    } catch {
      // No such file (a container without passwd): ids stay without names.
      this.#names.clear();
      this.#stamp = '';
    }
  }
}

/** `name:password:id:...`; the first name of an id wins, as with getpwuid(3). */
function parse(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    const number = Number(id);
    if (name && id && Number.isInteger(number) && !names.has(number)) names.set(number, name);
  }
  return names;
}

const USERS = new AccountFile('/etc/passwd');
const GROUPS = new AccountFile('/etc/group');

/** `root` for 0 whatever the file says; undefined if there is none. */
export function userName(uid: number): string | undefined {
  return USERS.name(uid) ?? (uid === 0 ? 'root' : undefined);
}

/** The same for groups. */
export function groupName(gid: number): string | undefined {
  return GROUPS.name(gid) ?? (gid === 0 ? 'root' : undefined);
}
