// Names of user and group ids that a call was given (setuid, setresuid...), from the machine's own files. The user that
// a process runs as needs no look-up: its image carries the name.

import { readFileSync, statSync } from 'node:fs';
import { HOST_ROOT } from './host-root.ts';

/** How long a file's contents are trusted before its time stamp is looked at again, in ms. */
const TRUST_MS = 1000;

const PASSWD = `${HOST_ROOT}/etc/passwd`;
const GROUP = `${HOST_ROOT}/etc/group`;

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

  all(): Map<number, string> {
    this.#refresh();
    return new Map(this.#names);
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
      // No such file (a container without passwd): ids have no names.
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

interface Names {
  name(id: number): string | undefined;
}

let users: Names = new AccountFile(PASSWD);
let groups: Names = new AccountFile(GROUP);

/** Names of another machine: those of a recording. In this thread, from now on. */
export function useAccounts(userNames: ReadonlyMap<number, string>, groupNames: ReadonlyMap<number, string>): void {
  users = { name: (id) => userNames.get(id) };
  groups = { name: (id) => groupNames.get(id) };
}

/** All names of this machine by number, for a recording of it. */
export function machineAccounts(): { users: Map<number, string>; groups: Map<number, string> } {
  return { users: new AccountFile(PASSWD).all(), groups: new AccountFile(GROUP).all() };
}

/** `root` for 0, whatever the file says; undefined if unknown. */
export function userName(uid: number): string | undefined {
  return users.name(uid) ?? (uid === 0 ? 'root' : undefined);
}

/** Name of a group: `root` for 0, whatever the file says; undefined if unknown. */
export function groupName(gid: number): string | undefined {
  return groups.name(gid) ?? (gid === 0 ? 'root' : undefined);
}
