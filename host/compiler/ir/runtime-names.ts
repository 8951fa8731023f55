// What the code of a module names of rules-wasm. It is collected while code is written (emit/functions.ts), for the module's imports.

import { accessorName } from '../../schema/generate/assemblyscript.ts';
import { type OperatorName, partsOf, type Value } from './value.ts';

/** What texts of code name besides values: operators, and a few accessors and constants. */
export type RuntimeName =
  | OperatorName
  | 'headerType'
  | 'headerImageAddress'
  | 'imageCandidates'
  | 'imageParentAddress'
  | 'MAX_ANCESTORS';

/** The names in the code of a value: `descriptorName(event)` has `descriptorName`. */
export function runtimeNamesIn(value: Value): readonly string[] {
  return partsOf(value).flatMap((part) => {
    switch (part.node) {
      case 'member':
        return [accessorName(part.owner, part.name)];
      case 'call':
        return [part.operator];
      case 'flag':
        return [`${part.table}_${part.name}`];
      default:
        return [];
    }
  });
}
