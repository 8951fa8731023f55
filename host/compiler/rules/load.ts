// Loads rule files: the front end of the compiler. Its output is typed and free of macros, with diagnostics and their places.

import type { ErrorCode } from '../../diagnostics/codes.ts';
import { type Diagnostic, RuleLoadError } from '../../diagnostics/diagnostic.ts';
import { SourceFile } from '../../diagnostics/source-file.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import type { Priority } from '../../schema/priority.ts';
import type { StaticFields } from '../conditions/static-fields.ts';
import { Collection } from './collection.ts';
import type { Version } from './items.ts';
import { Mistakes } from './mistakes.ts';
import { checkPlugins } from './plugin-requirements.ts';
import { readDocuments, readItems } from './read-items.ts';
import { type Compiled, compileRules } from './resolve.ts';
import type { CompiledRule } from './rule.ts';
import { checkSchema, type SchemaProblem } from './schema-check.ts';

export type { Diagnostic } from '../../diagnostics/diagnostic.ts';
export type { CompiledMacro, CompiledRule } from './rule.ts';

/** A rules file that was read. */
export interface RuleFile {
  readonly name: string;
  readonly text: string;
}

export interface LoadOptions {
  /** Event sources that something provides. Default: syscall alone. */
  readonly sources?: readonly string[];
  /** Rules less severe are left out unseen, mistakes in them too. Default: all are loaded. */
  readonly minimumPriority?: Priority;
  /** Values of static fields, which rules may read. Default: none. */
  readonly statics?: StaticFields;
  /** Report all errors of a file that do not follow from another. Default: the first alone, as Falco does. */
  readonly everyError?: boolean;
  /** Called before each file is read, so that a timeout can name the file. */
  readonly onFile?: (name: string) => void;
}

export interface FileResult {
  readonly name: string;
  readonly successful: boolean;
  readonly errors: readonly (Diagnostic & { readonly code: ErrorCode })[];
  readonly warnings: readonly Diagnostic[];
  /** What the JSON schema finds in it; absent if the file is empty or no YAML. Has no influence on `successful`. */
  readonly schema?: readonly SchemaProblem[];
}

export interface LoadResult {
  readonly successful: boolean;
  /** In definition order; those that are not enabled too. Empty if a file failed. */
  readonly rules: readonly CompiledRule[];
  readonly lists: Compiled['lists'];
  readonly macros: Compiled['macros'];
  readonly leftOut: Compiled['leftOut'];
  readonly errors: readonly Diagnostic[];
  /** Errors that follow from one of those: of items that can't be without a macro that has one. */
  readonly following: readonly Diagnostic[];
  /** Warnings of all files; what holds for all that was read so far comes again with each file. */
  readonly warnings: readonly Diagnostic[];
  /** One for each file up to the first that failed. */
  readonly files: readonly FileResult[];
  readonly requiredEngineVersion: Version;
}

const NOTHING: Compiled = { rules: [], lists: [], macros: [], leftOut: [] };

/** Loads files one after the other, as one set of rules. Stops at the first that has an error; never throws on any text. */
export function loadRules(files: readonly RuleFile[], options: LoadOptions = {}): LoadResult {
  const collection = new Collection(new Set(options.sources ?? [DEFAULT_SOURCE]));
  const read: FileResult[] = [];
  const following: Diagnostic[] = [];
  let compiled = NOTHING;
  for (const { name, text } of files) {
    options.onFile?.(name);
    const mistakes = new Mistakes(options.everyError ?? false);
    let schema: FileResult['schema'];
    try {
      const file = new SourceFile(name, text);
      const documents = readDocuments(file);
      const [first] = documents;
      if (first) schema = checkSchema(file, first);
      readItems(file, documents, collection, mistakes);
      // An invalid list is not defined: conditions would be compared with its name.
      if (!mistakes.inList) {
        compiled = compileRules(collection, mistakes, options.minimumPriority, options.statics);
      }
    } catch (thrown) {
      if (!(thrown instanceof RuleLoadError)) throw thrown;
      mistakes.add(thrown);
    }
    const warnings = collection.takeWarnings();
    const { any, found: errors } = mistakes;
    // A macro with an error may have an earlier definition, which would be in use without the later one: then the error need not follow.
    const alone = mistakes.following.filter(({ macro }) => collection.macros.isDefinedOnce(macro));
    following.push(...alone.map(({ error }) => error));
    read.push({ name, successful: !any, errors, warnings, ...(schema ? { schema } : {}) });
    if (any) break;
  }
  // As in Falco, once all files are loaded.
  const complete = read.every((result) => result.successful);
  const missing = complete
    ? collection.pluginRequirements.flatMap((one) => checkPlugins(one, collection.hasSource('k8s_audit')) ?? [])
    : [];
  const results = read.map((result) => withFindings(result, missing));
  const successful = results.every((result) => result.successful);
  return {
    successful,
    ...(successful ? compiled : NOTHING),
    errors: results.flatMap(({ errors }) => errors),
    following,
    warnings: results.flatMap(({ warnings }) => warnings),
    files: results,
    requiredEngineVersion: collection.engineVersion,
  };
}

/** The result of a file with what was found in it later. */
export function withFindings(result: FileResult, found: readonly Diagnostic[]): FileResult {
  const own = found.filter(({ file }) => file === result.name);
  const errors = own.filter((item) => item.severity === 'error');
  return {
    ...result,
    successful: result.successful && errors.length === 0,
    errors: [...result.errors, ...errors],
    warnings: [...result.warnings, ...own.filter(({ severity }) => severity === 'warning')],
  };
}
