// The schema as AssemblyScript: one inlined accessor a member, with its offset as an immediate. Rule modules read records
// through these alone.

import { AUDIT_VALUE_BYTES, AUDIT_VALUES_OFFSET } from '../audit/record.ts';
import { DESCRIPTOR_ROLE, DESCRIPTOR_STATE, EVENT_FLAGS, EVENT_HEADER } from '../event-structs.ts';
import { ACCESSOR_OWNERS, accessorName } from '../fields/accessors.ts';
import { CANDIDATE_WORDS, IMAGE_FLAGS, LONGEST_CHAIN } from '../image.ts';
import type { Member } from '../layout.ts';
import { NAMED_ADDRESS, NAMES_ADDRESS, NAMES_SLOTS } from '../names.ts';

function accessor(owner: string, member: Member): string {
  const name = accessorName(owner, member.name);
  const head = `/** ${member.doc} */\n// @ts-ignore: decorator\n@inline export function`;
  const { type, offset } = member;
  if (type === 'string')
    return `${head} ${name}(base: u32): u64 {\n  return textOf(base, load<u64>(base, ${offset}));\n}`;
  if (type === 'address' || type === 'comm') return `${head} ${name}(base: u32): u32 {\n  return base + ${offset};\n}`;
  if (member.count !== undefined) {
    const bytes = member.size / member.count;
    const shift = Math.log2(bytes);
    return `${head} ${name}(base: u32, index: u32): ${type} {\n  return load<${type}>(base + (index << ${shift}), ${offset});\n}`;
  }
  return `${head} ${name}(base: u32): ${type} {\n  return load<${type}>(base, ${offset});\n}`;
}

function constants(prefix: string, values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `export const ${prefix}_${name}: u32 = ${value};`)
    .join('\n');
}

/** The text of rules-wasm/generated/accessors.ts. */
export function assemblyScriptAccessors(): string {
  const parts = Object.entries(ACCESSOR_OWNERS).map(([owner, struct]) => {
    // The header's accessors serve all shapes.
    const members = struct.members.filter((member) => {
      if (owner === 'header' || owner === 'image' || owner === 'container' || owner === 'named') return true;
      return member.offset >= EVENT_HEADER.size;
    });
    return [`// -- ${struct.name}: ${struct.doc}`, ...members.map((member) => accessor(owner, member))].join('\n\n');
  });
  return `${[
    '// Generated from host/schema by `npm run schema`. Do not edit.',
    "import { textOf } from '../text';",
    constants('EVENT_FLAG', EVENT_FLAGS),
    constants('ROLE', DESCRIPTOR_ROLE),
    constants('DESCRIPTOR', DESCRIPTOR_STATE),
    constants('IMAGE_FLAG', IMAGE_FLAGS),
    `export const CANDIDATE_WORDS: u32 = ${CANDIDATE_WORDS};`,
    `export const LONGEST_CHAIN: u32 = ${LONGEST_CHAIN};`,
    constants('NAMES', { ADDRESS: NAMES_ADDRESS, SLOTS: NAMES_SLOTS }),
    constants('AUDIT', { VALUES: AUDIT_VALUES_OFFSET, VALUE_SIZE: AUDIT_VALUE_BYTES }),
    constants('NAMED_ADDRESS', { SIZE: NAMED_ADDRESS.size }),
    ...parts,
  ].join('\n\n')}\n`;
}
