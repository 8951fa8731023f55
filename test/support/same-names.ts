// Two sets of names that must be the same, with what to do where they are not.

import assert from 'node:assert/strict';

/** @param hint what to edit, for whoever has forgotten it */
export function assertSameNames(found: Iterable<string>, expected: Iterable<string>, hint: string): void {
  const have = new Set(found);
  const want = new Set(expected);
  const differences = [
    ...[...want].filter((name) => !have.has(name)).map((name) => `missing: ${name}`),
    ...[...have].filter((name) => !want.has(name)).map((name) => `not expected: ${name}`),
  ];
  assert.ok(differences.length === 0, `${differences.join('\n')}\n${hint}`);
}
