// Custom sections of a module: the manifest, the source and the signature travel in them.
// Works on any WebAssembly module; everything else of it is kept byte for byte.

import { ByteReader } from './binary.ts';
import { concatenate, encodeName, encodeSection } from './encode.ts';
import { quoteName, SandboxError } from './error.ts';
import { readSections, SECTION, type Section } from './module.ts';

interface NamedSection extends Section {
  readonly name: string;
  readonly data: number;
}

function customSections(bytes: Uint8Array): NamedSection[] {
  return readSections(bytes)
    .filter((section) => section.id === SECTION.custom)
    .map((section) => {
      const reader = new ByteReader(bytes, section.content, section.end);
      return { ...section, name: reader.name(), data: reader.offset };
    });
}

/** Content of the custom section of that name, as a view; undefined if there is none. Throws SandboxError if there are two. */
export function readCustomSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const found = customSections(bytes).filter((section) => section.name === name);
  const [section, second] = found;
  if (second !== undefined) {
    throw new SandboxError('custom-section', `duplicate custom section ${quoteName(name)}`, {
      offset: second.start,
    });
  }
  return section === undefined ? undefined : bytes.subarray(section.data, section.end);
}

/** Offset of the custom section of that name, if it is the module's last section. */
export function customSectionAtEnd(bytes: Uint8Array, name: string): number | undefined {
  const last = customSections(bytes).at(-1);
  return last?.name === name && last.end === bytes.length ? last.start : undefined;
}

/** The module without the custom sections of that name. */
export function removeCustomSection(bytes: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const section of customSections(bytes)) {
    if (section.name !== name) continue;
    parts.push(bytes.subarray(from, section.start));
    from = section.end;
  }
  parts.push(bytes.subarray(from));
  return concatenate(parts);
}

/**
 * The module with this custom section as its last, replacing any of the same name. A signature in the last section covers exactly the bytes
 * before it.
 */
export function writeCustomSection(bytes: Uint8Array, name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const section = encodeSection(SECTION.custom, concatenate([encodeName(name), content]));
  return concatenate([removeCustomSection(bytes, name), section]);
}
