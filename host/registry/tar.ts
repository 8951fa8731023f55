// Regular files of a tar archive in memory (POSIX ustar, pax and GNU long names). Nothing is written to disk: names are names, not paths.

const BLOCK = 512;
const MOST_FILES = 1000;
/** Folders, links and headers of long names among them. */
const MOST_ENTRIES = 4 * MOST_FILES;

export interface TarFile {
  /** The last part of its path. */
  readonly name: string;
  readonly content: Uint8Array;
}

/** Throws Error with the reason for an invalid archive. */
export function filesOfTar(archive: Uint8Array): TarFile[] {
  const files: TarFile[] = [];
  let longName: string | undefined;
  let entries = 0;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    if (!checksumFits(header)) throw new Error(`invalid file header at byte ${at}`);
    const size = octal(header, 124, 12);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw new Error(`it ends within a file at byte ${at}`);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') longName = text(content, 0, content.length);
    else if (type === 'x') longName = paxPath(content) ?? longName;
    else {
      if (type === '0' || type === '\0') files.push({ name: lastPart(longName ?? text(header, 0, 100)), content });
      longName = undefined;
    }
    if (++entries > MOST_ENTRIES) throw new Error(`it has more than ${MOST_ENTRIES} entries`);
    if (files.length > MOST_FILES) throw new Error(`it has more than ${MOST_FILES} files`);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

/** The sum of the header's bytes, its own field counted as blanks. */
function checksumFits(header: Uint8Array): boolean {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  return sum === octal(header, 148, 8);
}

function octal(header: Uint8Array, from: number, length: number): number {
  const digits = text(header, from, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw new Error('a header has an invalid number');
  return Number.parseInt(digits, 8);
}

function text(bytes: Uint8Array, from: number, length: number): string {
  const field = Buffer.from(bytes.subarray(from, from + length));
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** Records of the form `LENGTH path=NAME\n`. */
function paxPath(content: Uint8Array): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(Buffer.from(content).toString('utf8'))?.[1];
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
