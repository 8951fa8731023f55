// Functions made for arguments in rules: the value of a key, a mount by a glob, texts of ancestors. `proc.env[PATH] = /bin` becomes
//
//   equals_bin(orEmpty(valueOf_PATH_b81f84046e95(imageEnvironment(image))))

import { MOUNT_PARTS, type MountPart } from '../../schema/fields/derivation.ts';
import { contentHash } from '../ir/content-hash.ts';
import { callFunction, IMAGE_ADDRESS, ITEM_INDEX, KEY_TEXT, LIST_TEXT, type Value } from '../ir/value.ts';
import { type LoweringContext, toBytes } from './operand.ts';
import { globMatch } from './text-match.ts';

/**
 * The value of a key in a list of `key=value` strings, or with another separator; absent if it isn't there. Most lists have it nowhere,
 * which a search says sooner than a walk: in 4 KB, 0.3 us instead of 4.
 */
export function valueFunction(separator: string, key: string, list: Value, context: LoweringContext): Value {
  const bytes = toBytes(key + separator);
  const name = `valueOf_${key.replace(/[^A-Za-z0-9]/g, '_')}_${contentHash([separator, key]).slice(0, 12)}`;
  const isSomewhere = context.print(context.textTest({ op: 'contains', value: bytes, ignoreCase: false }, LIST_TEXT));
  const tests = [...bytes].map((byte, index) => `load<u8>(at${index ? `, ${index}` : ''}) == ${byte.charCodeAt(0)}`);
  context.define(
    name,
    `// ${JSON.stringify(key)}
function ${name}(list: u64): u64 {
  if (!${isSomewhere}) return 0;
  let at = addressOf(list);
  const end = at + lengthOf(list);
  while (at < end) {
    let stop = at;
    while (stop < end && load<u8>(stop) != 0) ++stop;
    if (stop - at >= ${bytes.length} && ${tests.join(' && ')}) return textAt(at + ${bytes.length}, stop - at - ${bytes.length});
    at = stop + 1;
  }
  return 0;
}`,
    ['addressOf', 'lengthOf', 'textAt'],
  );
  return callFunction(name, list);
}

/** The text of the nearest ancestor that has it. */
export function nearestFunction(text: Value, generations: number, context: LoweringContext): Value {
  const read = context.print(text);
  const name = `nearest_${contentHash([read, `${generations}`]).slice(0, 12)}`;
  context.define(
    name,
    `function ${name}(process: u32): u64 {
  let image = imageParentAddress(process);
  for (let depth = 0; image != 0 && depth < ${generations}; ++depth) {
    const value = ${read};
    if (value != 0) return value;
    image = imageParentAddress(image);
  }
  return 0;
}`,
    ['imageParentAddress'],
  );
  return callFunction(name, IMAGE_ADDRESS);
}

/** The text of ancestor number `index`, empty if absent there; absent past the last ancestor. */
export function ofAncestorsFunction(text: Value, context: LoweringContext): Value {
  const read = context.print(text);
  const name = `ofAncestor_${contentHash([read]).slice(0, 12)}`;
  context.define(
    name,
    `function ${name}(process: u32, index: u32): u64 {
  const image = ancestor(process, index + 1);
  return image == 0 ? 0 : orEmpty(${read});
}`,
    ['ancestor', 'orEmpty'],
  );
  return callFunction(name, IMAGE_ADDRESS, ITEM_INDEX);
}

/** The number of the first mount whose part matches a glob; -1 if none does. */
export function mountFinder(by: MountPart, glob: string, mounts: Value, context: LoweringContext): Value {
  const name = `mountBy${by}_${contentHash([glob]).slice(0, 12)}`;
  const test = context.print(context.textTest(globMatch(toBytes(glob), false), KEY_TEXT));
  context.define(
    name,
    `// the mount whose ${by === 0 ? 'source' : 'destination'} is ${JSON.stringify(glob)}
function ${name}(mounts: u64): i32 {
  for (let index = 0, key = itemOf(mounts, ${by}); key != 0; key = itemOf(mounts, ++index * ${MOUNT_PARTS} + ${by})) {
    if (${test}) return index;
  }
  return -1;
}`,
    ['itemOf'],
  );
  return callFunction(name, mounts);
}
