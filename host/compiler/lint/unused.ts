// Macros and lists that nothing uses. The loader knows them.

import type { Diagnostic } from '../../diagnostics/diagnostic.ts';

const CODES = { LOAD_UNUSED_MACRO: 'LINT_UNUSED_MACRO', LOAD_UNUSED_LIST: 'LINT_UNUSED_LIST' } as const;

/**
 * @param warnings of the loader, after the last file
 * @param leftOut conditions of rules that were not compiled: the loader does not count what they use
 */
export function findUnused(warnings: readonly Diagnostic[], leftOut: readonly string[]): Diagnostic[] {
  const words = new Set(leftOut.flatMap((text) => text.match(/[^\s()=,"']+/g) ?? []));
  return warnings.flatMap((item) => {
    if (item.code !== 'LOAD_UNUSED_MACRO' && item.code !== 'LOAD_UNUSED_LIST') return [];
    if (words.has(item.context.at(-1)?.name ?? '')) return [];
    const what = item.code === 'LOAD_UNUSED_MACRO' ? 'macro' : 'list';
    const message = `no rule or macro uses this ${what}`;
    return { ...item, severity: 'warning', code: CODES[item.code], message, help: 'use it or remove it' };
  });
}
