// The AssemblyScript that a module was made from, which travels in it for people to read. It is not proved to belong to the code.

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { readCustomSection, writeCustomSection } from '../sandbox/sections.ts';

export const SOURCE_SECTION = 'wasprey.source';

/** zstd gives the same bytes for the same text on every machine, which zlib's deflate does not promise. */
const LEVEL = 12;
/** The source of 2,000 rules has 3 MB. Modules are not trusted: the unpacked size is bounded. */
const LONGEST_SOURCE = 64 * 1024 * 1024;

export function withSource(module: Uint8Array, source: string): Uint8Array<ArrayBuffer> {
  const packed = zstdCompressSync(source, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  return writeCustomSection(module, SOURCE_SECTION, packed);
}

/** Undefined if the module has no source, or it can't be unpacked. Throws SandboxError for an invalid module. */
export function sourceOf(module: Uint8Array): string | undefined {
  const packed = readCustomSection(module, SOURCE_SECTION);
  if (packed === undefined) return undefined;
  try {
    return zstdDecompressSync(packed, { maxOutputLength: LONGEST_SOURCE }).toString('utf8');
  } catch {
    return undefined;
  }
}
