// What the code of a module names of rules-wasm. It is collected while code is written (emit/functions.ts), for the module's imports.

import { accessorName } from '../../schema/fields/accessors.ts';
import { type MemberOf, type MemberOwner, type OperatorName, partsOf, type Value } from './value.ts';

/** What texts of code name besides values: operators, accessors, a constant. One of a member that is renamed is no longer among them. */
export type RuntimeName = OperatorName | AccessorName | 'MAX_ANCESTORS';

/** `imageParentAddress`: as accessorName() makes it. */
type AccessorName = { [Owner in MemberOwner]: `${Owner}${Capitals<MemberOf<Owner>>}` }[MemberOwner];

/** `ParentAddress`, of `parent_address`. */
type Capitals<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Capitalize<First>}${Capitals<Rest>}`
  : Capitalize<Name>;

/** The names in the code of a value: `descriptorName(event)` has `descriptorName`. */
export function runtimeNamesIn(value: Value): readonly string[] {
  return partsOf(value).flatMap(nameIn);
}

/** That of the part itself, if it has one. */
function nameIn(part: Value): readonly string[] {
  switch (part.node) {
    case 'member':
      return [accessorName(part.owner, part.name)];
    case 'call':
      return [part.operator];
    case 'flag':
      return [`${part.table}_${part.name}`];
    case 'variable':
    case 'integer':
    case 'boolean':
    case 'function':
    case 'cast':
    case 'arithmetic':
    case 'byte':
    case 'choice':
    case 'comparison':
    case 'oneOf':
      return [];
  }
}
