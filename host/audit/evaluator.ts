// Evaluates a module of rules on audit events, one at a time, in the same sandbox as events of system calls.

import { MOST_AUDIT_VALUES, RuleModuleError } from '../agent/modules/rule-module.ts';
import type { ReadContext } from '../fields/context.ts';
import { EventMemory } from '../fields/memory.ts';
import type { FieldValue } from '../fields/value.ts';
import type { VerifiedModule } from '../sandbox/compile-module.ts';
import { ALL_CANDIDATES, FIRST_ADDRESS, makeOwnMemory, PAGE } from '../sandbox/event-memory.ts';
import { instantiateRuleModule, type RuleInstance } from '../sandbox/instantiate.ts';
import { type RunFailureKind, runEvaluate } from '../sandbox/run.ts';
import { encodeStruct } from '../schema/encode-struct.ts';
import { IMAGE } from '../schema/image.ts';
import { AuditEncoder } from './encoder.ts';
import type { FoundEvent } from './events/find-events.ts';
import type { JsonValues } from './json/values.ts';
import { type AuditFieldReader, auditFieldReader, isOnDemand } from './read-field.ts';
import { RecordFullError, RecordWriter } from './record-writer.ts';

const IMAGE_ADDRESS = FIRST_ADDRESS;
/** Operators read some bytes beside a text. */
const MARGIN = PAGE;

/** What the evaluator needs of a module. */
export interface AuditModule {
  readonly verified: VerifiedModule;
  /** Values on demand that its conditions read, by number. */
  readonly auditValues: readonly string[];
  /** For each rule the fields that its alerts read. */
  readonly fields: readonly (readonly string[])[];
}

export interface AuditMatch {
  /** Number of the module, and of its rule. */
  readonly module: number;
  readonly rule: number;
  /** In the order of the rule's fields. */
  readonly values: readonly (FieldValue | undefined)[];
  /** What the guards of a rule's responses say. Absent: its alerts are not responded to. */
  readonly guards?: GuardsOfMatch;
}

/** Numbers of guards. */
export interface GuardsOfMatch {
  readonly holding: readonly number[];
  /** Guards that could not be evaluated. */
  readonly undecided: readonly number[];
}

export interface AuditEvaluation {
  /** Matches, also of rules that matched before a failure. */
  readonly matches: readonly AuditMatch[];
  /** The event was not evaluated, or not to its end. */
  readonly failure?: { readonly kind: RunFailureKind | 'too-large' | 'failed'; readonly reason: string };
}

/** What evaluates events: a module, or several. */
export interface EvaluatesEvents {
  /** @param mostMatches of them the first ones alone are read */
  evaluate(values: JsonValues, event: FoundEvent, context: ReadContext, mostMatches: number): AuditEvaluation;
}

export class AuditEvaluator implements EvaluatesEvents {
  readonly #encoder: AuditEncoder;
  readonly #writer: RecordWriter;
  readonly #memory: EventMemory;
  readonly #instance: RuleInstance;
  readonly #readers: readonly (readonly AuditFieldReader[])[];
  readonly #record: number;
  readonly #module: number;
  #matched: number[] = [];
  #number = 0n;

  /**
   * @param number of the module, in its matches
   * @throws SandboxError, RuleModuleError
   */
  constructor({ verified, auditValues, fields }: AuditModule, number = 0) {
    this.#module = number;
    const memory = makeOwnMemory();
    // Values of conditions come first, where the module looks for them; alerts may show others.
    const onDemand = [...new Set([...auditValues, ...fields.flat().filter(isOnDemand)])];
    if (onDemand.length > MOST_AUDIT_VALUES) {
      const message = `its rules name ${onDemand.length} values of audit events, more than ${MOST_AUDIT_VALUES}`;
      throw new RuleModuleError('MODULE_BAD_MANIFEST', message);
    }
    this.#encoder = new AuditEncoder(onDemand, new Set(auditValues).size);
    this.#writer = new RecordWriter(memory, memory.buffer.byteLength - MARGIN);
    this.#memory = new EventMemory(memory.buffer);
    this.#readers = fields.map((names) => names.map((name) => auditFieldReader(name, onDemand)));
    this.#instance = instantiateRuleModule(verified, {
      memory,
      ruleCount: fields.length,
      match: (rule) => this.#matched.push(rule),
    });
    const image = encodeStruct(IMAGE, { candidates: ALL_CANDIDATES });
    new Uint8Array(memory.buffer).set(image, IMAGE_ADDRESS);
    this.#record = IMAGE_ADDRESS + Math.ceil(image.length / PAGE) * PAGE;
  }

  evaluate(values: JsonValues, event: FoundEvent, context: ReadContext, mostMatches: number): AuditEvaluation {
    const from = this.#record;
    let size: number;
    try {
      const head = { time: event.time, number: ++this.#number, image: IMAGE_ADDRESS };
      size = this.#encoder.encode(values, event, from, this.#writer, head);
    } catch (error) {
      if (!(error instanceof RecordFullError)) throw error;
      return { matches: [], failure: { kind: 'too-large', reason: error.message } };
    }
    this.#matched = [];
    const result = runEvaluate(this.#instance, from, from + size);
    if (this.#matched.length > 0) this.#complete(values, event);
    const matches = this.#matched.slice(0, mostMatches).map((rule) => ({
      module: this.#module,
      rule,
      values: (this.#readers[rule] ?? []).map((read) => read(this.#memory, from, context)),
    }));
    return result.ok ? { matches } : { matches, failure: result };
  }

  /** What has no room is absent from alerts; conditions do not read it. */
  #complete(values: JsonValues, event: FoundEvent): void {
    try {
      this.#encoder.complete(values, event, this.#writer);
    } catch (error) {
      if (!(error instanceof RecordFullError)) throw error;
    }
  }
}
