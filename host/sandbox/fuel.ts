// Adds fuel to a module of asc: the exported global, and a check at each function's entry and each loop's head.
// The charges are exact (path-cost.ts), so that used fuel limits the number of executed instructions.

import { InstructionReader } from './code.ts';
import { concatenate, encodeName, encodeSection, encodeU32 } from './encode.ts';
import { SandboxError } from './error.ts';
import { encodeFuelCheck } from './fuel-check.ts';
import { type Body, type RuleModuleBinary, readModule, SECTION, type Section } from './module.ts';
import { OP } from './opcodes.ts';
import { PathCost } from './path-cost.ts';

/** i32, mutable, initially 0: until the host has set the fuel, the first check traps. */
const FUEL_GLOBAL = [0x7f, 0x01, 0x41, 0x00, 0x0b];
const GLOBAL_KIND = 3;

/**
 * Custom sections that stay true when code is moved. Others hold offsets into the code (source maps, DWARF, branch hints) and are
 * dropped; the verifier would refuse them. Function, local and global indices do not change, so `name` stays as it is.
 */
function survives(name: string): boolean {
  return name === 'name' || name === 'producers' || name === 'target_features' || name.startsWith('wasprey.');
}

/** The module with fuel. Throws SandboxError for a malformed module, or one with a conflicting global or export. */
export function instrumentFuel(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = readModule(bytes);
  if (module.exports.some((item) => item.name === 'fuel')) {
    throw new SandboxError('not-instrumentable', 'the module exports fuel already');
  }
  const importedFunctions = module.imports.filter((item) => item.kind === 'function').length;
  const fuel = module.globals.length;
  const importedGlobals = module.imports.filter((item) => item.kind === 'global').length;
  const match = module.imports.some((item) => item.name === 'match') ? 0 : -1;

  const replaced = new Map<number, Uint8Array>([
    [SECTION.global, append(module, SECTION.global, fuel - importedGlobals, FUEL_GLOBAL)],
    [
      SECTION.export,
      append(module, SECTION.export, module.exports.length, [...encodeName('fuel'), GLOBAL_KIND, ...encodeU32(fuel)]),
    ],
    [
      SECTION.code,
      concatenate([
        encodeU32(module.bodies.length),
        ...module.bodies.map((body, index) => instrumentBody(bytes, body, importedFunctions + index, fuel, match)),
      ]),
    ],
  ]);

  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  const dropped = new Set(module.customs.filter((section) => !survives(section.name)).map((section) => section.start));
  let pending = [...replaced.keys()];
  const flush = (before: number): void => {
    for (const id of pending.filter((candidate) => candidate < before)) {
      parts.push(encodeSection(id, replaced.get(id) as Uint8Array));
    }
    pending = pending.filter((candidate) => candidate >= before);
  };
  for (const section of module.sections) {
    if (dropped.has(section.start)) continue;
    if (section.id !== SECTION.custom) flush(section.id);
    const content = replaced.get(section.id);
    if (content === undefined) {
      parts.push(bytes.subarray(section.start, section.end));
    } else {
      parts.push(encodeSection(section.id, content));
      pending = pending.filter((id) => id !== section.id);
    }
  }
  flush(Number.POSITIVE_INFINITY);
  return concatenate(parts);
}

/** The content of a section whose vector has one more item; the section may be missing. */
function append(module: RuleModuleBinary, id: number, count: number, item: readonly number[]): Uint8Array {
  const section: Section | undefined = module.sections.find((candidate) => candidate.id === id);
  const items =
    section === undefined
      ? new Uint8Array()
      : module.bytes.subarray(section.content + lengthOfU32(module.bytes, section.content), section.end);
  return concatenate([encodeU32(count + 1), items, item]);
}

function lengthOfU32(bytes: Uint8Array, offset: number): number {
  let length = 1;
  while (((bytes[offset + length - 1] ?? 0) & 0x80) !== 0) length++;
  return length;
}

/** A body with checks, preceded by its size. */
function instrumentBody(bytes: Uint8Array, body: Body, functionIndex: number, fuel: number, match: number): Uint8Array {
  const reader = new InstructionReader(bytes, body.code, body.end, functionIndex);
  const path = new PathCost(body.localCount);
  /** Positions of the checks: first the entry, then after each loop's opcode and block type. */
  const places: number[] = [body.code];
  const charges: number[] = [];
  while (!reader.done && !path.ended) {
    const opcode = reader.next();
    const isMatch = opcode.code === OP.call && reader.immediate === match;
    const region = path.step(opcode, reader, isMatch);
    if (region !== undefined) charges[region.loop + 1] = region.charge;
    if (opcode.code === OP.loop) places.push(reader.offset);
  }
  if (!path.ended || !reader.done) {
    throw new SandboxError('malformed', "the function's end is not the end of its code", reader.location);
  }
  const parts: ArrayLike<number>[] = [];
  let from = body.locals;
  for (const [index, place] of places.entries()) {
    // Every head has had its end, or the path would not have ended.
    parts.push(bytes.subarray(from, place), encodeFuelCheck(fuel, charges[index] as number));
    from = place;
  }
  parts.push(bytes.subarray(from, body.end));
  const code = concatenate(parts);
  return concatenate([encodeU32(code.length), code]);
}
