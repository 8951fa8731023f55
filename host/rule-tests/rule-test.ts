// A rule test, and its possible results.

import type { CompileDiagnostic } from '../compiler/compile.ts';
import type { Context } from '../diagnostics/diagnostic.ts';
import type { GivenEvent } from './given-event.ts';

/** A rule that must match the event, or an event of the recording. */
export interface Expectation {
  readonly rule: string;
  /** Its expected output; on a recording, that of one of its alerts. */
  readonly output?: string;
  /** Expected number of alerts on the recording; if missing, any number but 0. */
  readonly alerts?: number;
  readonly context: Context;
}

interface TestBase {
  readonly name: string;
  readonly expected: readonly Expectation[];
}

/** A response that must be performed. */
export interface ExpectedResponse {
  readonly response: string;
  readonly context: Context;
}

/** Responses that must be performed, and no others. Undefined: they are not compared. */
export type ExpectedResponses = readonly ExpectedResponse[] | undefined;

/** Evaluates the rules on one event given by its fields. */
export interface EventTest extends TestBase {
  readonly kind: 'event';
  readonly respond?: ExpectedResponses;
  readonly event: GivenEvent;
  readonly eventType: string;
}

/** Evaluates the rules on all events of a recording, each rule on its own (`rule_matching: all`). */
export interface RecordingTest extends TestBase {
  readonly kind: 'recording';
  /** Absolute, or relative to the working directory. */
  readonly path: string;
  /** Place of the recording in the test file. */
  readonly context: Context;
}

/** Evaluates the rules of source k8s_audit on audit events, each rule on its own. */
export interface AuditTest extends TestBase {
  readonly kind: 'audit';
  readonly respond?: ExpectedResponses;
  /** Path of the file that has the events, absolute or relative to the working directory; or the events as JSON. */
  readonly events: { readonly path: string } | { readonly json: string };
  /** Place of the events in the test file. */
  readonly context: Context;
}

export type RuleTest = EventTest | RecordingTest | AuditTest;

/** A part of a condition that was false, and the values of its fields. */
export interface FalsePart {
  readonly condition: string;
  readonly values: readonly { readonly field: string; readonly value: string | undefined }[];
}

export type Problem = RuleProblem | ResponseProblem;

/** A response that is not performed as expected. */
export type ResponseProblem =
  | { readonly kind: 'response-missing'; readonly response: string; readonly why: string }
  /** @param rule that matched */
  | { readonly kind: 'response-unexpected'; readonly response: string; readonly rule: string };

export type RuleProblem = { readonly rule: string } & (
  | {
      readonly kind: 'missing';
      /** Set if the rule is evaluated on other event types than those of the test. */
      readonly untried?: { readonly ruleTypes: readonly string[]; readonly testTypes: readonly string[] };
      /** Undefined for a recording. */
      readonly falseParts: readonly FalsePart[];
    }
  /** `outputs`: those of the first few alerts. */
  | { readonly kind: 'unexpected'; readonly outputs: readonly string[] }
  | { readonly kind: 'count'; readonly expected: number; readonly got: number; readonly outputs: readonly string[] }
  | { readonly kind: 'output'; readonly expected: string; readonly outputs: readonly string[] }
);

/** A rule that matched. */
export interface Matched {
  readonly rule: string;
  /** For a recording. */
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
  /** The compiler's diagnostics of the rules. */
  readonly diagnostics: readonly CompileDiagnostic[];
}

/** Tests that could not be run for a reason outside of the test file. */
export class RuleTestError extends Error {
  override readonly name = 'RuleTestError';
}
