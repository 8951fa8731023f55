// What ELF files say of themselves, of any processor's.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';

const MAGIC = '\x7fELF';
const MACHINE_OFFSET = 18;

/** The processor's number (e_machine); undefined for a file that is no ELF file. */
export function elfMachine(path: string): number | undefined {
  const header = Buffer.alloc(MACHINE_OFFSET + 2);
  const descriptor = openSync(path, 'r');
  try {
    const bytes = readSync(descriptor, header, 0, header.length, 0);
    if (bytes < header.length || header.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
    return header.readUInt16LE(MACHINE_OFFSET);
  } finally {
    closeSync(descriptor);
  }
}

/** Names of the shared libraries that it needs; empty for a static program. */
export function neededLibraries(path: string): string[] {
  const listing = execFileSync('readelf', ['--dynamic', '--wide', path], { encoding: 'utf8' });
  return [...listing.matchAll(/\(NEEDED\).*\[(.+)\]$/gm)].map(([, name = '']) => name);
}

/** The dynamic linker that the kernel starts for a program; undefined for a static program and for a library. */
export function programInterpreter(path: string): string | undefined {
  const listing = execFileSync('readelf', ['--program-headers', '--wide', path], { encoding: 'utf8' });
  return /\[Requesting program interpreter: (.+)\]/.exec(listing)?.[1];
}
