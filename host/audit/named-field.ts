// Fields of audit events by what an alert calls them: `ka.uri.param[command]`.

import { type ResolvedField, resolveNamed } from '../schema/fields/index.ts';

/** The argument stands in brackets as it is: without quotes, whatever it contains. */
export function namedAuditField(text: string): ResolvedField {
  const open = text.indexOf('[');
  if (open < 0 || !text.endsWith(']')) return resolveNamed(text, undefined, 'k8s_audit');
  return resolveNamed(text.slice(0, open), text.slice(open + 1, -1), 'k8s_audit');
}
