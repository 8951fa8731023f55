// An output template after parsing: what host/compiler/conditions/template.ts makes of a rule's `output` and host/outputs/ prints.

import type { Operand } from './ast.ts';

export interface TextToken {
  readonly kind: 'text';
  readonly text: string;
}

/** `%proc.name`, `%10proc.name`, `%toupper(proc.name)`. */
export interface OperandToken {
  readonly kind: 'operand';
  readonly operand: Operand;
  /** Bytes that the text is cut or padded to; absent when the template gives none (or 0). */
  readonly width?: number;
}

export type TemplateToken = TextToken | OperandToken;

/** The leading `*` is consumed: absent values always print `<NA>`. */
export type Template = readonly TemplateToken[];
