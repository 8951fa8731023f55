// For tests of the verifier: a refusal as a value, and tables of constructs that must be refused.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type SandboxCode, SandboxError } from '../../../host/sandbox/error.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { ruleModule, type TextParts } from '../../support/sandbox/wasm-builder.ts';

/** The error with which the verifier refuses a module; fails the test if it does not. */
export function refusal(bytes: Uint8Array): SandboxError {
  try {
    verifyModule(bytes);
  } catch (error) {
    if (error instanceof SandboxError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'the module was not refused' });
}

/** One row of the tables below: what it is, the spoilt part, the code, and a piece of the reason. */
export type Row = readonly [what: string, parts: TextParts, code: SandboxCode, reason: RegExp];

/** A test for each row. */
export function refusesEach(rows: readonly Row[]): void {
  for (const [what, parts, code, reason] of rows) {
    it(what, () => {
      const error = refusal(ruleModule(parts));
      assert.equal(error.code, code, error.message);
      assert.match(error.reason, reason);
      assert.match(error.message, new RegExp(`^rule module refused \\(${code}\\)`));
    });
  }
}
