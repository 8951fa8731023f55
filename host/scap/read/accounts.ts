// Users and groups of a savefile: of its list, and those that events add.

/** More than a machine's own files have. */
const MOST = 1 << 16;
/** Longest text, as in libs. */
const LONGEST = 1023;

export interface User {
  readonly name: string;
  readonly home: string;
  readonly shell: string;
}

/** Texts of a user as they lie in the file. */
export type UserTexts = Readonly<Record<keyof User, Uint8Array>>;

export class Accounts {
  readonly #users = new Map<number, User>();
  readonly #groups = new Map<number, string>();

  get users(): ReadonlyMap<number, User> {
    return this.#users;
  }

  get groups(): ReadonlyMap<number, string> {
    return this.#groups;
  }

  addUser(uid: number, { name, home, shell }: UserTexts): void {
    if (hasRoom(this.#users, uid)) this.#users.set(uid, { name: text(name), home: text(home), shell: text(shell) });
  }

  addGroup(gid: number, name: Uint8Array): void {
    if (hasRoom(this.#groups, gid)) this.#groups.set(gid, text(name));
  }
}

function hasRoom(accounts: ReadonlyMap<number, unknown>, id: number): boolean {
  return accounts.size < MOST || accounts.has(id);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, LONGEST)).toString('utf8');
}
