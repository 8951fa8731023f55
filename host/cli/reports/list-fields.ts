// The rows and the reference of `wasprey list fields`.

import { DEFAULT_SOURCE, type EventSource } from '../../schema/event-source.ts';
import type { Field } from '../../schema/fields/field.ts';
import { FIELDS_OF } from '../../schema/fields/index.ts';
import { type Supplier, supplierOf } from '../../schema/fields/supplier.ts';
import { codeSpan, heading, plain, table } from './markdown.ts';

const SUPPLIERS: Readonly<Record<Supplier, string>> = {
  capture: 'capture',
  reader: 'reader',
  output: 'output',
  machine: "the machine's files",
  runtime: 'container runtime',
  kubernetes: 'Kubernetes',
  'api-server': 'the API server',
  nobody: 'no one',
};

/** Classes by the beginning of the name, as Falco groups them; the order of the reference. */
const CLASSES: readonly (readonly [title: string, names: RegExp])[] = [
  ['Event', /^(evt|syscall)\./],
  ['Process', /^proc\./],
  ['Thread', /^thread\./],
  ['User and group', /^(user|group)\./],
  ['File and socket', /^fd\./],
  ['Paths of a call', /^fs\.path\./],
  ['Container', /^container\./],
  ['Kubernetes', /^k8s(meta)?\./],
  ['Audit event', /^ka\./],
  ['JSON of the audit event', /^(jevt|json)\./],
  ['Other', /./],
];

const INTRODUCTION = `\
What conditions and outputs can read, by the class of the field. The last column says who supplies the value:

* **capture**: the records that the kernel writes.
* **reader**: derived from those when the process or the event is first seen: absolute paths, joined arguments, names of users.
* **container runtime**, **Kubernetes**: their metadata of the container and its pod. Absent until they have answered, and outside containers.
* **the API server**: in its audit events: the fields of those (\`--source k8s_audit\`), and whose an exec session is.
* **output**: formatted when an alert is written. For outputs only: a condition on it is never true.
* **the machine's files**: read from \`/proc\` and \`/etc/passwd\` when an alert is written. For outputs only; absent in replays of
  recordings and when the process has already ended.
* **not available**: always absent on live events. A rule may name the field; a warning is reported.

A field in brackets takes an argument: \`[N]\` a number, \`[KEY]\` a name; \`?\`: the argument is optional.`;

/** All fields that rules of the source may name. */
export function listFields(source: EventSource = DEFAULT_SOURCE) {
  return FIELDS_OF[source]
    .filter((field) => !field.tableOnly)
    .map((field) => {
      const { type, description } = field;
      const name = field.name + argumentText(field);
      const why = field.source.from === 'none' ? field.source.why : undefined;
      return {
        name,
        cells: [type, [description, ...remarks(field), ...shortSupply(field)].join(' ')],
        json: {
          name,
          type,
          description,
          captured: why === undefined,
          suppliedBy: supplierOf(field),
          ...(why !== undefined && { why }),
          ...restrictions(field),
        },
        field,
      };
    });
}

/** The reference of these fields in Markdown: a table for each class. */
export function fieldReference(fields: readonly Field[]): string {
  const left = new Set(fields);
  const parts = CLASSES.map(([title, names]) => {
    const members = [...left].filter(({ name }) => names.test(name));
    for (const field of members) left.delete(field);
    return members.length === 0 ? '' : `${heading(2, title)}${table(HEAD, members.map(row))}`;
  });
  return `${heading(1, 'Fields')}${INTRODUCTION}\n\n${parts.filter((part) => part !== '').join('\n')}`;
}

const HEAD = ['Field', 'Type', 'What it is', 'Supplied by'];

function row(field: Field): string[] {
  const optional = field.argument === 'optional' ? '?' : '';
  const { source } = field;
  return [
    codeSpan(field.name + argumentText(field) + optional),
    field.type,
    plain([field.description, ...restrictionTexts(field)].join(' ')),
    plain(source.from === 'none' ? `not available: ${source.why}` : SUPPLIERS[supplierOf(field)]),
  ];
}

function argumentText({ argument, argumentKind }: Field): string {
  if (argument === undefined) return '';
  return argumentKind === 'index' || argumentKind === 'position' ? '[N]' : argumentKind === 'key' ? '[KEY]' : '[N|KEY]';
}

function restrictions(field: Field): Record<string, true> {
  return {
    ...(field.filterOnly ? { conditionsOnly: true } : {}),
    ...(field.printOnly || isForOutput(field) ? { outputOnly: true } : {}),
    ...(field.deprecated ? { deprecated: true } : {}),
  };
}

function isForOutput({ source }: Field): boolean {
  return source.from === 'rendered' || source.from === 'procfs';
}

function remarks(field: Field): string[] {
  return [
    ...(field.argument === 'optional' ? ['(the argument is optional)'] : []),
    ...(isForOutput(field) ? ['(output only)'] : []),
    ...restrictionTexts(field),
  ];
}

/** Restrictions that do not follow from the supplier. */
function restrictionTexts(field: Field): string[] {
  return [
    ...(field.filterOnly ? ['(conditions only)'] : []),
    ...(field.printOnly && !isForOutput(field) ? ['(output only)'] : []),
    ...(field.deprecated ? ['(deprecated)'] : []),
  ];
}

/** Why the field is always absent, if it is. */
function shortSupply({ source }: Field): string[] {
  return source.from === 'none' ? [`(always absent: ${source.why})`] : [];
}
