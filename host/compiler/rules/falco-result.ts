// The result of loading rule files as Falco prints it in JSON (`falco -V FILE -o json_output=true`), so that editors and pipelines
// made for Falco's read Wasprey's.

import { ERROR_CODES, WARNING_CODES } from '../../diagnostics/codes.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { excerpt } from '../../diagnostics/diagnostic-text.ts';
import type { FileResult } from './load.ts';

export interface FalcoLoadResult {
  readonly name: string;
  readonly successful: boolean;
  /** Absent where the file is empty, or no YAML. */
  readonly schema_valid?: boolean;
  readonly schema_warnings: readonly string[];
  readonly errors: readonly FalcoRemark[];
  readonly warnings: readonly FalcoRemark[];
}

/** An error or a warning. `notes` and `help` are not in Falco's result, and only present if not empty. */
export interface FalcoRemark {
  readonly code: string;
  /** The code in a few words. */
  readonly codedesc: string;
  readonly message: string;
  readonly context: {
    /** From the file to the place itself. */
    readonly locations: readonly FalcoLocation[];
    /** The line, and a caret below the place. */
    readonly snippet: string;
  };
  readonly notes?: readonly string[];
  readonly help?: string;
}

interface FalcoLocation {
  readonly item_type: string;
  readonly item_name: string;
  /** Line, column and offset are in characters and count from 0, unlike those that people are shown. */
  readonly position: {
    readonly name: string;
    readonly line: number;
    readonly column: number;
    readonly offset: number;
  };
}

/** One file's result. */
export function falcoLoadResult({ name, successful, schema, errors, warnings }: FileResult): FalcoLoadResult {
  return {
    name,
    successful,
    ...(schema ? { schema_valid: schema.length === 0 } : {}),
    schema_warnings: schema?.map(({ message, line, column }) => `${message} (line ${line}, column ${column})`) ?? [],
    errors: errors.map(remark),
    warnings: warnings.map(remark),
  };
}

function remark(diagnostic: Diagnostic): FalcoRemark {
  const { code, message, context, notes, help } = diagnostic;
  const locations = context.map(({ type, name, file, line, column, offset }) => ({
    item_type: type,
    item_name: name,
    position: { name: file, line: line - 1, column: column - 1, offset },
  }));
  return {
    code,
    codedesc: diagnostic.severity === 'error' ? ERROR_CODES[diagnostic.code] : WARNING_CODES[diagnostic.code],
    message,
    context: { locations, snippet: snippet(diagnostic) },
    ...(notes.length > 0 ? { notes } : {}),
    ...(help === undefined ? {} : { help }),
  };
}

function snippet(diagnostic: Diagnostic): string {
  const { text, start } = excerpt(diagnostic);
  return `------\n${text}\n${' '.repeat(start)}^\n------\n`;
}
