// The input and the messages of the process that compiles rules.

import type { RuleFile } from '../../compiler/rules/load.ts';
import type { RuleSelection } from './rule-selection.ts';

export interface CompileJob {
  readonly files: readonly RuleFile[];
  readonly selection: RuleSelection;
  /** Diagnostics may have colour. */
  readonly color: boolean;
}

export type FromCompiler =
  /** It begins with that file. */
  | { readonly kind: 'file'; readonly name: string }
  /** The errors of invalid rules, for a person. */
  | { readonly kind: 'said'; readonly text: string }
  /** All files are read; so many rules are compiled now. */
  | { readonly kind: 'loaded'; readonly rules: number }
  /** @param warnings how many there are of the rules in it */
  | { readonly kind: 'module'; readonly wasm: Uint8Array; readonly warnings: number }
  /** The rules can't be used. */
  | { readonly kind: 'refused'; readonly message: string; readonly help: string | undefined }
  /** A defect of the compiler. */
  | { readonly kind: 'defect'; readonly text: string };
