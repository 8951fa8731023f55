// What a rule test is, and what can come of it.

import type { CompileDiagnostic } from '../compiler/compile.ts';
import type { Context } from '../diagnostics/diagnostic.ts';
import type { GivenEvent } from './given-event.ts';

/** A rule that must be true of the event, or of an event of the recording. */
export interface Expectation {
  readonly rule: string;
  /** What its output must read; of a recording, that of one of its alerts. */
  readonly output?: string;
  /** How many alerts it must raise on the recording; where this is not said, any number but 0. */
  readonly alerts?: number;
  readonly context: Context;
}

interface TestBase {
  readonly name: string;
  readonly expected: readonly Expectation[];
}

/** Tries the rules on one event that is given by its fields. */
export interface EventTest extends TestBase {
  readonly kind: 'event';
  readonly event: GivenEvent;
  readonly eventType: string;
}

/** Evaluates the rules on all events of a recording, each rule on its own (`rule_matching: all`). */
export interface RecordingTest extends TestBase {
  readonly kind: 'recording';
  /** Absolute, or relative to the working directory. */
  readonly path: string;
  /** Where the test file names the recording. */
  readonly context: Context;
}

export type RuleTest = EventTest | RecordingTest;

/** A part of a condition that was false, and what its fields were. */
export interface FalsePart {
  readonly condition: string;
  readonly values: readonly { readonly field: string; readonly value: string | undefined }[];
}

export type Problem = { readonly rule: string } & (
  | {
      readonly kind: 'missing';
      /** Where the rule is tried on other event types than those of the test. */
      readonly untried?: { readonly ruleTypes: readonly string[]; readonly testTypes: readonly string[] };
      /** None of a recording. */
      readonly falseParts: readonly FalsePart[];
    }
  /** `outputs`: of the first few alerts. */
  | { readonly kind: 'unexpected'; readonly outputs: readonly string[] }
  | { readonly kind: 'count'; readonly expected: number; readonly got: number; readonly outputs: readonly string[] }
  | { readonly kind: 'output'; readonly expected: string; readonly outputs: readonly string[] }
);

/** A rule that matched. */
export interface Matched {
  readonly rule: string;
  /** Of a recording. */
  readonly alerts?: number;
}

export interface TestResult {
  readonly test: RuleTest;
  /** In the order of the rules' definition. */
  readonly matched: readonly Matched[];
  /** Empty if it passed. */
  readonly problems: readonly Problem[];
}

/** Tests of one kind that were run together. */
export interface RunOf<Test extends RuleTest> {
  readonly results: ReadonlyMap<Test, TestResult>;
  /** What the compiler said of the rules. */
  readonly diagnostics: readonly CompileDiagnostic[];
}

/** Tests that could not be run for a reason that is no mistake in the test file. */
export class RuleTestError extends Error {
  override readonly name = 'RuleTestError';
}
