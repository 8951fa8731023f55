// Verdicts on one event by a compiled module and by the page, which evaluates each check on the details that an alert of it would have.

import { detailFields } from '../../../host/agent/alerts/alert-details.ts';
import { fieldsOf } from '../../../host/compiler/make-manifest.ts';
import { litCondition, type SeenValues } from '../../../host/daemon/console/lit-condition.ts';
import type { LitPart } from '../../../host/daemon/console/messages.ts';
import { EventMemory } from '../../../host/fields/memory.ts';
import { readCompared } from '../../../host/fields/read.ts';
import { EventRecord } from '../../../host/fields/record.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { resolveField } from '../../../host/schema/fields/index.ts';
import type { RecordMemory } from './records.ts';
import { RuleModule, rulesOf } from './rule-module.ts';

const CONTEXT = { sessionStart: 0n, hostname: 'node', isoTime: true, isLive: false };

/** The details of an alert of that event, whose rule's condition reads the fields. */
export function detailsOf(records: RecordMemory, address: number, condition: readonly string[]): SeenValues {
  const event = EventRecord.at(new EventMemory(records.buffer), address);
  if (!event) throw new Error(`no event at ${address}`);
  return new Map(
    detailFields(condition).map((key) => {
      const resolved = resolveField(key);
      if (!resolved.ok) throw new Error(`${key}: ${resolved.reason}`);
      return [key, readCompared(event, resolved.field, resolved.argument, CONTEXT)];
    }),
  );
}

/** Both by condition; `values`: what the page shows beside each check, of conditions that are one. */
interface Verdicts {
  readonly module: Readonly<Record<string, string>>;
  readonly page: Readonly<Record<string, string>>;
  readonly values: readonly (string | undefined)[];
}

export class ModuleVerdicts {
  readonly #rules: ReturnType<typeof rulesOf>;
  readonly #module: RuleModule;

  private constructor(rules: ReturnType<typeof rulesOf>, module: RuleModule) {
    this.#rules = rules;
    this.#module = module;
  }

  static async of(conditions: readonly string[]): Promise<ModuleVerdicts> {
    const rules = rulesOf(conditions);
    return new ModuleVerdicts(rules, await RuleModule.of(rules));
  }

  /** On an event with those members, of a process with those. */
  on(type: string, members: StructInput, process: StructInput = {}): Verdicts {
    const { records } = this.#module;
    const image = records.image(process, ['program']);
    this.#module.setCandidates(image);
    const address = records.end;
    records.event(type, image, members);
    const matches = this.#module.evaluate(address, records.end);
    const fields = this.#rules.flatMap(({ condition }) => [...fieldsOf(condition)]);
    const details = detailsOf(records, address, fields);
    const lit = this.#rules.map(({ condition }) => litCondition(condition, details));
    const byCondition = (verdict: (index: number) => string) =>
      Object.fromEntries(this.#rules.map(({ conditionText }, index) => [conditionText, verdict(index)]));
    return {
      module: byCondition((index) => String(matches.includes(index))),
      page: byCondition((index) => lit[index]?.verdict ?? ''),
      values: lit.map(shownValue),
    };
  }
}

function shownValue(part: LitPart): string | undefined {
  return part.kind === 'check' ? part.value : undefined;
}
