// Errors and warnings about rule files: the message, the place, and the fix; and their display.

import type { ErrorCode, ItemType, WarningCode } from './codes.ts';
import type { SourceFile } from './source-file.ts';

/** A place in a rules file and its enclosing item. */
export interface Context {
  readonly type: ItemType;
  /** Name of the list, macro, rule, exception or key; may be empty. */
  readonly name: string;
  readonly file: SourceFile;
  /** Index into the file's text, [start, end). */
  readonly start: number;
  readonly end: number;
  readonly parent?: Context;
}

interface DiagnosticBase {
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  /** Index into the file's text. */
  readonly offset: number;
  readonly sourceLine: string;
  /** Characters of the source line to point at, from 0, [start, end); at least one wide. */
  readonly span: { readonly start: number; readonly end: number };
  /** The enclosing items of the place, from the outside in. */
  readonly context: readonly {
    readonly type: ItemType;
    readonly name: string;
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly offset: number;
  }[];
  readonly notes: readonly string[];
  /** How to fix it. */
  readonly help?: string;
}

export type Diagnostic =
  | (DiagnosticBase & { readonly severity: 'error'; readonly code: ErrorCode })
  | (DiagnosticBase & { readonly severity: 'warning'; readonly code: WarningCode });

export interface Advice {
  readonly notes?: readonly string[];
  readonly help?: string | undefined;
}

/** Why a rules file was not loaded. */
export class RuleLoadError extends Error {
  readonly diagnostic: Diagnostic & { readonly severity: 'error' };
  /** The macro whose absence is the error. */
  readonly follows: string | undefined;

  constructor(code: ErrorCode, message: string, context: Context, advice: Advice = {}, follows?: string) {
    super(message);
    this.name = 'RuleLoadError';
    this.follows = follows;
    this.diagnostic = { severity: 'error', code, ...describe(message, context, advice) };
  }
}

export function warning(code: WarningCode, message: string, context: Context, advice: Advice = {}): Diagnostic {
  return { severity: 'warning', code, ...describe(message, context, advice) };
}

function describe(message: string, context: Context, advice: Advice): DiagnosticBase {
  const { file } = context;
  const { line, column } = file.position(context.start);
  const sourceLine = file.lineText(line);
  const end = file.position(context.end);
  const start = column - 1;
  // Only the first line of a span is marked.
  const width = end.line === line ? end.column - column : [...sourceLine].length - start;
  return {
    message,
    file: file.name,
    line,
    column,
    offset: context.start,
    sourceLine,
    span: { start, end: start + Math.max(1, width) },
    context: chain(context),
    notes: advice.notes ?? [],
    ...(advice.help === undefined ? {} : { help: advice.help }),
  };
}

function chain(context: Context): DiagnosticBase['context'] {
  const contexts: Context[] = [];
  for (let at: Context | undefined = context; at; at = at.parent) contexts.unshift(at);
  return contexts.map(({ type, name, file, start }) => ({
    type,
    name,
    file: file.name,
    ...file.position(start),
    offset: start,
  }));
}
