// The input and the messages of the process that compiles rules.

import type { RuleFile } from '../../compiler/rules/load.ts';
import type { RuleSelection } from './rule-selection.ts';

export interface CompiledModule {
  readonly wasm: Uint8Array;
  /** Digest of the compiler that made it (module-key.ts): while a package is upgraded, it may not be that of the agent. */
  readonly compiler: string;
  /** Number of warnings about its rules. */
  readonly warnings: number;
  /** Errors of items that are left out of it, each as one line with its place. */
  readonly leftOut: readonly string[];
}

export interface CompileJob {
  readonly files: readonly RuleFile[];
  readonly selection: RuleSelection;
  /** Diagnostics may have colour. */
  readonly color: boolean;
  /** Items with errors are left out, and reported; else the rules are refused. */
  readonly leavesOut: boolean;
}

export type FromCompiler =
  /** It begins with that file. */
  | { readonly kind: 'file'; readonly name: string }
  /** The errors of invalid rules, for a person. */
  | { readonly kind: 'said'; readonly text: string }
  /** All files are read; so many rules are compiled now. */
  | { readonly kind: 'loaded'; readonly rules: number }
  | ({ readonly kind: 'module' } & CompiledModule)
  /** The rules can't be used. @param file that alone is the reason */
  | {
      readonly kind: 'refused';
      readonly message: string;
      readonly help?: string | undefined;
      readonly file?: string | undefined;
    }
  /** A defect of the compiler. */
  | { readonly kind: 'defect'; readonly text: string };
