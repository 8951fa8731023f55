// Errors in a configuration: a code, the place, and how to fix it.

import type { ShownDiagnostic } from '../diagnostics/diagnostic-text.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';

/** Where in a file. */
export interface Origin {
  readonly file: SourceFile;
  /** Index into the file's text, [start, end). */
  readonly start: number;
  readonly end: number;
}

/** Stable. */
export type ConfigErrorCode =
  /** A file could not be read. */
  | 'CONFIG_FILE_READ'
  | 'CONFIG_YAML'
  | 'CONFIG_DUPLICATE_KEY'
  | 'CONFIG_UNKNOWN_KEY'
  /** A list where a text should be, a text where a number should be, and so on. */
  | 'CONFIG_TYPE'
  /** An invalid value of the right type. */
  | 'CONFIG_VALUE'
  /** Keys that exclude or require each other. */
  | 'CONFIG_CONFLICT'
  /** config_files that can't be read. */
  | 'CONFIG_INCLUDE'
  /** -o key=value with an invalid key. */
  | 'CONFIG_OPTION'
  /** A response that can't act on alerts of the source that its rules are of. */
  | 'RESPONSE_SOURCE'
  /** A condition: the compiler's code. */
  | 'LOAD_ERR_COMPILE_CONDITION';

export interface ConfigAdvice {
  readonly notes?: readonly string[];
  readonly help?: string | undefined;
}

export interface ConfigDiagnostic extends ShownDiagnostic {
  readonly severity: 'error';
  readonly code: ConfigErrorCode;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly diagnostics: readonly ConfigDiagnostic[];

  constructor(diagnostics: readonly ConfigDiagnostic[]) {
    super(diagnostics.map(({ message }) => message).join('; '));
    this.diagnostics = diagnostics;
  }
}

/** The error of one diagnostic. */
export function configError(
  code: ConfigErrorCode,
  message: string,
  origin: Origin,
  advice?: ConfigAdvice,
): ConfigError {
  return new ConfigError([configDiagnostic(code, message, origin, advice)]);
}

export function configDiagnostic(
  code: ConfigErrorCode,
  message: string,
  origin: Origin,
  advice: ConfigAdvice = {},
): ConfigDiagnostic {
  return { severity: 'error', code, ...described(message, origin, advice) };
}

/** Stable. */
export type ConfigWarningCode =
  /** A response that is for no rule, or a part of it that no rule meets. */
  'RESPONSE_UNMATCHED';

/** What a valid configuration probably does not mean. */
export function configWarning(
  code: ConfigWarningCode,
  message: string,
  origin: Origin,
  advice: ConfigAdvice = {},
): ShownDiagnostic {
  return { severity: 'warning', code, ...described(message, origin, advice) };
}

function described(
  message: string,
  { file, start, end }: Origin,
  { notes = [], help }: ConfigAdvice,
): Omit<ShownDiagnostic, 'severity' | 'code'> {
  const { line, column } = file.position(start);
  const sourceLine = file.lineText(line);
  const last = file.position(end);
  const from = column - 1;
  // Only the first line of a span is marked.
  const width = last.line === line ? last.column - column : [...sourceLine].length - from;
  return {
    message,
    file: file.name,
    line,
    column,
    sourceLine,
    span: { start: from, end: from + Math.max(1, width) },
    context: [],
    notes,
    ...(help === undefined ? {} : { help }),
  };
}
