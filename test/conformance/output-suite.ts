// output.json: what an output template makes of an event, as message, as line, and as the fields of a JSON alert.

import { parseTemplate } from '../../host/compiler/conditions/template.ts';
import { type Alert, outputFields, textLine } from '../../host/outputs/alert.ts';
import { type KeyedValue, renderMessage, templateFields } from '../../host/outputs/message.ts';
import { type RecordedEvent, recordedValue } from './recorded-event.ts';
import { attempt, type CaseResult, casesOf, parseExact, readCorpus, type Suite } from './suite.ts';

interface OutputCase {
  readonly id: string;
  readonly event_id: string;
  readonly template: string;
  readonly text: string;
  readonly line: string;
  readonly output_fields: Readonly<Record<string, unknown>>;
}

export const OUTPUT_SUITE: Suite = {
  file: 'output.json',
  *run(corpus, directory) {
    // Lines of the corpus have their time in UTC.
    process.env.TZ = 'UTC';
    const recorded = readCorpus(directory, 'eval.json');
    const events = new Map(casesOf<RecordedEvent>(recorded, 'events').map((event) => [event.id, event]));
    const { field_types: types } = recorded as { readonly field_types: Readonly<Record<string, string>> };
    for (const outputCase of casesOf<OutputCase>(corpus)) {
      const event = events.get(outputCase.event_id);
      yield event
        ? attempt(outputCase.id, () => judge(outputCase, event, types))
        : { id: outputCase.id, failure: `no event ${outputCase.event_id}` };
    }
  },
};

function judge(expected: OutputCase, event: RecordedEvent, types: Readonly<Record<string, string>>): CaseResult {
  const { id, template } = expected;
  const tokens = parseTemplate(template);
  const fields = templateFields(tokens).map((key): KeyedValue => ({ key, value: recordedValue(event, key, types) }));
  const alert: Alert = {
    time: BigInt(event.fields['evt.rawtime'] ?? 0),
    rule: 'conformance',
    priority: 'Notice',
    source: 'syscall',
    tags: [],
    hostname: 'conformance',
    message: renderMessage(tokens, fields),
    fields,
  };
  const problems = [
    difference('text', alert.message, expected.text),
    difference('line', textLine(alert), expected.line),
    difference('output_fields', exact(parseExact(outputFields(alert))), exact(expected.output_fields)),
  ].filter((problem) => problem !== undefined);
  return problems.length === 0 ? { id } : { id, failure: [`template ${template}`, ...problems].join('\n') };
}

function difference(what: string, actual: string, expected: string): string | undefined {
  return actual === expected ? undefined : `${what}: expected ${expected}\n     got ${actual}`;
}

/** As text, members sorted, to compare: integers of any size as they are. */
function exact(value: unknown): string {
  const members = Object.entries(value as object).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(members, (_key, member) => (typeof member === 'bigint' ? `${member}n` : member));
}
