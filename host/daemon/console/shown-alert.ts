// An alert with all that the page shows of it, as texts.

import { valueText } from '../../fields/text.ts';
import { iso8601, NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { type Absent, decode, type FieldValue } from '../../fields/value.ts';
import { type Alert, CAPTURE_FIELD, RESPONSE_FIELD } from '../../outputs/alert.ts';
import type { KeyedValue } from '../../outputs/message.ts';
import { ANCESTORS_READ } from '../../verdicts/compared-fields.ts';
import type { GroupText, ShownAlert, ShownField, ShownProcess } from './messages.ts';

type Values = ReadonlyMap<string, FieldValue | Absent>;

/** Bytes of a value that are shown. */
const LONGEST_VALUE = 16_384;

export function shownAlert(instance: string, id: number, alert: Alert, group: GroupText): ShownAlert {
  const { fields, details, time } = alert;
  const { rule, priority, source, hostname, message, tags = [] } = alert;
  const values = valuesOf(fields);
  const [capture, response] = [textOf(values, CAPTURE_FIELD), textOf(values, RESPONSE_FIELD)];
  const { namespace, pod, container } = group;
  return {
    ...{ instance, id, group: group.id, rule, priority, source, hostname, tags },
    time: Number(time / NANOSECONDS_PER_MS),
    timeText: iso8601(time),
    message: message.slice(0, LONGEST_VALUE),
    fields: fields.map(({ key }) => shownField(values, key)),
    ...(namespace !== undefined && { namespace }),
    ...(pod !== undefined && { pod }),
    ...(container !== undefined && { container }),
    ...(capture !== undefined && { capture }),
    ...(response !== undefined && { response }),
    ...(details && { process: processOf(details, valuesOf(fields)) }),
  };
}

function processOf(details: readonly KeyedValue[], fields: Values): NonNullable<ShownAlert['process']> {
  const values = valuesOf(details);
  const [user, login, directory] = ['user.name', 'user.loginname', 'proc.cwd'].map((key) => textOf(values, key));
  return {
    line: [...ancestorsIn(values), ownProcess(values)],
    ...(user !== undefined && { user }),
    ...(login !== undefined && login !== '<NA>' && { login }),
    ...(directory !== undefined && { directory }),
    details: details.flatMap(({ key }) => {
      // Ancestors have their place in the line of processes.
      if (fields.has(key) || /^proc\.a\w+\[/.test(key) || textOf(values, key) === undefined) return [];
      return [shownField(values, key)];
    }),
  };
}

/** The oldest first. */
function ancestorsIn(values: Values): ShownProcess[] {
  const line: ShownProcess[] = [];
  for (let generation = 1; generation <= ANCESTORS_READ; generation++) {
    const of = (field: string): string | undefined => textOf(values, `${field}[${generation}]`);
    const name = of('proc.aname');
    if (name === undefined) break;
    line.unshift(processNamed(name, of('proc.apid'), of('proc.aexepath'), of('proc.acmdline'), []));
  }
  return line;
}

const REMARKS: readonly (readonly [field: string, remark: string])[] = [
  ['proc.is_exe_from_memfd', 'run from memory'],
  ['proc.is_exe_upper_layer', 'not in the image'],
];

function ownProcess(values: Values): ShownProcess {
  const of = (field: string): string | undefined => textOf(values, field);
  const remarks = REMARKS.flatMap(([field, remark]) => (of(field) === 'true' ? [remark] : []));
  return processNamed(of('proc.name') ?? '', of('proc.pid'), of('proc.exepath'), of('proc.cmdline'), remarks);
}

function processNamed(
  name: string,
  pid: string | undefined,
  executable: string | undefined,
  command: string | undefined,
  remarks: readonly string[],
): ShownProcess {
  const isDeleted = executable?.endsWith(' (deleted)') === true;
  return {
    name,
    ...(pid !== undefined && { pid }),
    ...(executable !== undefined && { executable }),
    ...(command !== undefined && { command }),
    remarks: isDeleted ? [...remarks, 'deleted'] : remarks,
  };
}

function valuesOf(values: readonly KeyedValue[]): Values {
  return new Map(values.map(({ key, value }) => [key, value]));
}

function shownField(values: Values, key: string): ShownField {
  const text = textOf(values, key);
  return { key, ...(text !== undefined && { text }) };
}

function textOf(values: Values, key: string): string | undefined {
  const value = values.get(key);
  return value && decode(valueText(value).subarray(0, LONGEST_VALUE));
}
