// Reads the sections of a rule module into plain data. Function bodies stay ranges of bytes, which code.ts reads.
// Forbidden sections and kinds are refused here, because nothing beyond their header needs to be understood.

import { ByteReader } from './binary.ts';
import { quoteName, SandboxError } from './error.ts';
import {
  MAX_CUSTOM_SECTIONS,
  MAX_FUNCTION_BYTES,
  MAX_FUNCTIONS,
  MAX_GLOBALS,
  MAX_IMPORTS,
  MAX_LOCALS,
  MAX_MODULE_BYTES,
  MAX_SECTIONS,
  MAX_TYPES,
} from './limits.ts';
import { type FunctionType, readValueType, readValueTypes, type ValueType } from './types.ts';

export const SECTION = { custom: 0, type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;

/** Sections that a rule module may not have, and why. */
const FORBIDDEN_SECTIONS: Readonly<Record<number, string>> = {
  4: 'table section: a rule module may not call functions through a table',
  5: 'memory section: a rule module must import env.memory',
  8: 'start section: no code may run before the host has set the fuel',
  9: 'element section: a rule module may not have a table',
  11: 'data section: its bytes would be written into the shared memory (constants must be immediates)',
  12: 'data count section: a rule module may not have data segments',
  13: 'tag section: a rule module may not throw exceptions',
};

/** `start` is the section's id byte, `content` what follows its size, `end` the first byte after it. Offsets in the module. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

export interface CustomSection extends Section {
  readonly name: string;
  /** Offset of the bytes after the name. */
  readonly data: number;
}

export type Import =
  | { readonly kind: 'function'; readonly module: string; readonly name: string; readonly offset: number; type: number }
  | {
      readonly kind: 'memory';
      readonly module: string;
      readonly name: string;
      readonly offset: number;
      readonly shared: boolean;
    }
  | {
      readonly kind: 'global';
      readonly module: string;
      readonly name: string;
      readonly offset: number;
      global: Global;
    };

export interface Global {
  readonly type: ValueType;
  readonly mutable: boolean;
  readonly offset: number;
}

export interface Export {
  readonly name: string;
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag';
  readonly index: number;
  readonly offset: number;
}

/** One function's code: `start` is its size field, `locals` the first byte after that, `code` the first instruction. */
export interface Body {
  readonly start: number;
  readonly locals: number;
  readonly localCount: number;
  readonly code: number;
  readonly end: number;
}

/** A module's sections. Indices count what is imported first: body i is function `imported + i`, and `globals` has imported ones too. */
export interface RuleModuleBinary {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly customs: readonly CustomSection[];
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Type indices of the functions that have a body. */
  readonly functions: readonly number[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  readonly bodies: readonly Body[];
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const EXPORT_KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;

/** The places of the sections, in their order. Reads only headers, so it accepts any WebAssembly module. */
export function readSections(bytes: Uint8Array): Section[] {
  if (bytes.length > MAX_MODULE_BYTES) {
    throw new SandboxError('limit', `${bytes.length} bytes, more than ${MAX_MODULE_BYTES}`);
  }
  const reader = new ByteReader(bytes);
  for (const expected of MAGIC) {
    if (reader.done || reader.byte() !== expected) {
      throw new SandboxError('malformed', 'not a WebAssembly module of version 1', { offset: 0 });
    }
  }
  const sections: Section[] = [];
  while (!reader.done) {
    const start = reader.offset;
    if (sections.length === MAX_SECTIONS) {
      throw new SandboxError('limit', `more than ${MAX_SECTIONS} sections`, { offset: start });
    }
    const id = reader.byte();
    const size = reader.u32();
    const content = reader.offset;
    reader.skip(size);
    sections.push({ id, start, content, end: reader.offset });
  }
  return sections;
}

/** Reads a module. Throws SandboxError for malformed content and content that rule modules may not have. */
export function readModule(bytes: Uint8Array): RuleModuleBinary {
  const sections = readSections(bytes);
  const customs: CustomSection[] = [];
  let types: FunctionType[] = [];
  let imports: Import[] = [];
  let functions: number[] = [];
  let globals: Global[] = [];
  let exports: Export[] = [];
  let bodies: Body[] = [];
  let previous = 0;
  for (const section of sections) {
    const reader = new ByteReader(bytes, section.content, section.end);
    const offset = section.start;
    if (section.id !== SECTION.custom) {
      const forbidden = FORBIDDEN_SECTIONS[section.id];
      if (forbidden !== undefined) throw new SandboxError('forbidden-section', forbidden, { offset });
      // The remaining sections have the order of their ids, each once.
      if (section.id <= previous) {
        throw new SandboxError('malformed', `section ${section.id} repeated or out of order`, { offset });
      }
      previous = section.id;
    }
    switch (section.id) {
      case SECTION.custom:
        if (customs.length === MAX_CUSTOM_SECTIONS) {
          throw new SandboxError('limit', `more than ${MAX_CUSTOM_SECTIONS} custom sections`, { offset });
        }
        customs.push({ ...section, name: reader.name(), data: reader.offset });
        continue;
      case SECTION.type:
        types = readVector(reader, MAX_TYPES, 'types', readFunctionType);
        break;
      case SECTION.import:
        imports = readVector(reader, MAX_IMPORTS, 'imports', readImport);
        break;
      case SECTION.function:
        functions = readVector(reader, MAX_FUNCTIONS, 'functions', (item) => item.u32());
        break;
      case SECTION.global:
        globals = readVector(reader, MAX_GLOBALS, 'globals', readGlobal);
        break;
      case SECTION.export:
        exports = readVector(reader, MAX_IMPORTS, 'exports', readExport);
        break;
      case SECTION.code:
        bodies = readVector(reader, MAX_FUNCTIONS, 'function bodies', readBody);
        break;
      default:
        throw new SandboxError('malformed', `unknown section ${section.id}`, { offset });
    }
    reader.expectEnd(`section ${section.id}`);
  }
  if (functions.length !== bodies.length) {
    throw new SandboxError('malformed', `${functions.length} functions declared, ${bodies.length} bodies`);
  }
  const imported = imports.flatMap((item) => (item.kind === 'global' ? [item.global] : []));
  return { bytes, sections, customs, types, imports, functions, globals: [...imported, ...globals], exports, bodies };
}

function readVector<T>(reader: ByteReader, limit: number, what: string, read: (reader: ByteReader) => T): T[] {
  const offset = reader.offset;
  const count = reader.u32();
  if (count > limit) throw new SandboxError('limit', `${count} ${what}, more than ${limit}`, { offset });
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read(reader));
  return items;
}

function readFunctionType(reader: ByteReader): FunctionType {
  const offset = reader.offset;
  const form = reader.byte();
  if (form !== 0x60) {
    throw new SandboxError('forbidden-type', `type 0x${form.toString(16)} is not a function type`, { offset });
  }
  return { parameters: readValueTypes(reader), results: readValueTypes(reader) };
}

function readImport(reader: ByteReader): Import {
  const offset = reader.offset;
  const module = reader.name();
  const name = reader.name();
  const kind = reader.byte();
  if (kind === 0) return { kind: 'function', module, name, offset, type: reader.u32() };
  if (kind === 3) return { kind: 'global', module, name, offset, global: readGlobalType(reader) };
  if (kind !== 2) {
    const what = EXPORT_KINDS[kind] ?? `import of kind ${kind}`;
    throw new SandboxError('forbidden-import', `${what} ${quoteName(`${module}.${name}`)}`, { offset });
  }
  const flags = reader.byte();
  // Bit 0: has a maximum, bit 1: shared. The others are for 64-bit memories and page sizes.
  if (flags > 3) throw new SandboxError('wrong-type', `memory with flags 0x${flags.toString(16)}`, { offset });
  reader.u32();
  if ((flags & 1) !== 0) reader.u32();
  return { kind: 'memory', module, name, offset, shared: flags === 3 };
}

function readGlobalType(reader: ByteReader): Global {
  const offset = reader.offset;
  const type = readValueType(reader);
  const mutability = reader.byte();
  if (mutability > 1) throw reader.malformed(`mutability 0x${mutability.toString(16)}`, offset);
  return { type, mutable: mutability === 1, offset };
}

function readGlobal(reader: ByteReader): Global {
  const global = readGlobalType(reader);
  const start = reader.offset;
  const constant = reader.byte();
  if (constant === 0x41) reader.s32();
  else if (constant === 0x42) reader.skipS64();
  else if (constant === 0x43) reader.skip(4);
  else if (constant === 0x44) reader.skip(8);
  else if (constant === 0xfd && reader.u32() === 0x0c) reader.skip(16);
  else throw new SandboxError('global-init', 'the initial value of a global must be one constant', { offset: start });
  if (reader.byte() !== 0x0b) {
    throw new SandboxError('global-init', 'the initial value of a global must be one constant', { offset: start });
  }
  return global;
}

function readExport(reader: ByteReader): Export {
  const offset = reader.offset;
  const name = reader.name();
  const byte = reader.byte();
  const kind = EXPORT_KINDS[byte];
  if (kind === undefined) throw reader.malformed(`export of unknown kind ${byte}`, offset);
  return { name, kind, index: reader.u32(), offset };
}

function readBody(reader: ByteReader): Body {
  const start = reader.offset;
  const size = reader.u32();
  if (size > MAX_FUNCTION_BYTES) {
    throw new SandboxError('limit', `function of ${size} bytes, more than ${MAX_FUNCTION_BYTES}`, { offset: start });
  }
  const locals = reader.offset;
  const body = reader.slice(size);
  let localCount = 0;
  const groups = body.u32();
  for (let i = 0; i < groups; i++) {
    localCount += body.u32();
    if (localCount > MAX_LOCALS) {
      throw new SandboxError('limit', `more than ${MAX_LOCALS} locals`, { offset: locals });
    }
    readValueType(body);
  }
  return { start, locals, localCount, code: body.offset, end: body.end };
}
