// All files that are generated from the schema.

import { assemblyScriptAccessors } from './assemblyscript.ts';
import { cHeader } from './c-header.ts';
import { callsHeader, PROCESSORS } from './calls-header.ts';
import { operatorTable } from './operators.ts';

export interface GeneratedFile {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

/** The files as they should be now. */
export function generatedFiles(): readonly GeneratedFile[] {
  return [
    { path: 'native/generated/schema.h', text: cHeader() },
    ...PROCESSORS.map((processor) => ({
      path: `native/generated/calls_${processor.name}.h`,
      text: callsHeader(processor),
    })),
    { path: 'rules-wasm/generated/accessors.ts', text: assemblyScriptAccessors() },
    { path: 'host/compiler/ir/generated/operators.ts', text: operatorTable() },
  ];
}
