// The files of audit events in a journal's folder, and what is in them.

import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AUDIT_FILES } from '../retention.ts';
import { HEAD_BYTES, nextAuditHead, readAuditHead, unpackAuditBlock } from './audit-block.ts';

export function isAuditFile(path: string): boolean {
  return AUDIT_FILES.pattern.test(basename(path));
}

/**
 * The files in folders, and those that are named, in order of time. Throws the errors of stat() and readdir().
 * @param since ms since the epoch: what was written before is left out
 */
export function findAuditFiles(places: readonly string[], since = 0): readonly string[] {
  const paths = places.flatMap((place) => {
    if (!statSync(place).isDirectory()) return isAuditFile(place) ? [place] : [];
    const entries: Dirent[] = readdirSync(place, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && AUDIT_FILES.pattern.test(entry.name))
      .map(({ name }) => join(place, name));
  });
  return paths
    .filter((path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= since)
    .sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
}

/**
 * Damaged blocks together may be so many times as long as the file, because each is looked for within the one before. Without a limit, a forged file
 * could have all of it read for each of a million heads.
 */
const MOST_DAMAGE = 8;

/** Reads a file a block at a time: what clients repeat takes a thousand times the room when it is unpacked. */
export class AuditFileReader {
  readonly #bytes: Buffer;
  #leftOut = 0;
  readonly #damage: { readonly at: number; readonly reason: string }[] = [];

  /** Throws the errors of readFile(). */
  constructor(path: string) {
    this.#bytes = readFileSync(path);
  }

  /** Events that could not be kept, in what was read so far. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Parts that can't be read, in what was read so far: each one or more blocks. */
  get damage(): readonly { readonly at: number; readonly reason: string }[] {
    return this.#damage;
  }

  /** Lines of JSON. */
  *blocks(): Generator<Uint8Array> {
    const bytes = this.#bytes;
    let damaged = 0;
    for (let at = 0; at < bytes.length; ) {
      const head = readAuditHead(bytes, at);
      const lines = head && unpackAuditBlock(bytes, at, head);
      if (head && lines) {
        this.#leftOut += head.leftOut;
        at += HEAD_BYTES + head.storedBytes;
        yield lines;
        continue;
      }
      const next = nextAuditHead(bytes, at + 1);
      const isBeyond = !head || at + HEAD_BYTES + head.storedBytes > bytes.length;
      const isCut = next === undefined && isBeyond;
      this.#damage.push({ at, reason: isCut ? 'it ends within a block' : 'a block is damaged' });
      if (!isBeyond) damaged += head.storedBytes;
      if (damaged > MOST_DAMAGE * bytes.length) {
        this.#damage.push({ at, reason: 'too much is damaged: the rest is not read' });
        return;
      }
      at = next ?? bytes.length;
    }
  }
}
