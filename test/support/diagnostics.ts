// What holds of every diagnostic of a rule file, whatever the file says.

import assert from 'node:assert/strict';
import { type Diagnostic, type LoadResult, loadRules } from '../../host/compiler/rules/load.ts';
import { ERROR_CODES, WARNING_CODES } from '../../host/diagnostics/codes.ts';
import { renderDiagnostic } from '../../host/diagnostics/diagnostic-text.ts';

/** Loads a file; fails if it throws, or if what it says has no code that is known or no place in the file. */
export function loadSoundly(text: string): LoadResult {
  const files = [{ name: 'fuzz.yaml', text }];
  const result = loadRules(files);
  assert.equal(result.successful, result.errors.length === 0);
  const lines = text.split('\n');
  for (const item of result.errors) assert.ok(Object.hasOwn(ERROR_CODES, item.code), item.code);
  for (const item of result.warnings) assert.ok(Object.hasOwn(WARNING_CODES, item.code), item.code);
  const every = result.successful ? result : loadRules(files, { everyError: true });
  for (const item of [...every.errors, ...result.errors, ...result.warnings]) assertPlace(item, text.length, lines);
  for (const { offset, code } of result.errors) {
    assert.ok(
      every.errors.some((item) => item.offset === offset && item.code === code),
      'the first error is missing',
    );
  }
  return result;
}

function assertPlace(item: Diagnostic, length: number, lines: readonly string[]): void {
  const { line, column, offset, span, sourceLine, message } = item;
  const where = `${message} at ${line}:${column}`;
  assert.ok(message !== '', 'no message');
  assert.ok(offset >= 0 && offset <= length, where);
  assert.equal(sourceLine, lines[line - 1]?.replace(/\r$/, ''), where);
  assert.ok(column >= 1 && column <= (lines[line - 1] ?? '').length + 1, where);
  assert.ok(span.start === column - 1 && span.end > span.start, where);
  for (const place of item.context) assert.ok(place.offset >= 0 && place.offset <= length, where);
  assert.doesNotMatch(renderDiagnostic(item).replaceAll('\n', ''), /\p{Cc}/u, where);
}
