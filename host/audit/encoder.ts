// From an event's JSON to its record: carries out the readings of all fields, and of the values on demand that rules name.

import type { AuditReading } from '../schema/audit/reading.ts';
import { AUDIT_MEMBERS, AUDIT_VALUE_BYTES, AUDIT_VALUES_OFFSET } from '../schema/audit/record.ts';
import type { FoundEvent } from './events/find-events.ts';
import { type JsonValues, keyOf, NOWHERE } from './json/values.ts';
import { namedAuditField } from './named-field.ts';
import { type PreparedReading, prepareReading } from './readings/reading.ts';
import type { RecordHead, RecordWriter } from './record-writer.ts';

/** A field, and where its string_ref lies in the record. */
interface Place {
  readonly offset: number;
  readonly read: PreparedReading;
  readonly isList: boolean;
  /** It reads the event, not its fields: ka.* are absent on events without an id, as in Falco. */
  readonly needsId: boolean;
  readonly part: Part;
}

/** Events without the part of the request's object that a field reads need not be asked for it. */
type Part = 'event' | 'object' | 'spec';

const [ID, OBJECT, SPEC] = [keyOf('auditID'), keyOf('requestObject'), keyOf('spec')];

export class AuditEncoder {
  readonly #places: readonly Place[];
  /** Places that only alerts read. */
  readonly #late: readonly Place[];
  readonly #onDemand: number;

  /**
   * @param onDemand values that lie in no member, as rules write them, in the order of the record's table; any other is absent
   * @param inConditions how many of them conditions read; the others are filled in by complete()
   */
  constructor(onDemand: readonly string[], inConditions: number) {
    this.#onDemand = onDemand.length;
    const places = (from: number, to: number): Place[] =>
      onDemand.slice(from, to).flatMap((name, index) => {
        const resolved = namedAuditField(name);
        if (!resolved.ok || resolved.field.source.from !== 'audit') return [];
        const offset = AUDIT_VALUES_OFFSET + (from + index) * AUDIT_VALUE_BYTES;
        return placeOf(offset, resolved.field.source.row, resolved.argument);
      });
    this.#places = [
      ...AUDIT_MEMBERS.map(({ row, offset }) => placeOf(offset, row, undefined)),
      ...places(0, inConditions),
    ];
    this.#late = places(inConditions, onDemand.length);
  }

  /**
   * Writes the record at the address, and returns its size.
   * @throws RecordFullError
   */
  encode(
    values: JsonValues,
    { value: event }: FoundEvent,
    address: number,
    writer: RecordWriter,
    head: RecordHead,
  ): number {
    writer.begin(address, this.#onDemand, values, event);
    this.#fill(this.#places, values, event, writer);
    return writer.finish(head);
  }

  /**
   * Adds what alerts alone read to the record that was written last: few events match, and an event as a whole takes long to write.
   * @throws RecordFullError
   */
  complete(values: JsonValues, { value: event }: FoundEvent, writer: RecordWriter): void {
    this.#fill(this.#late, values, event, writer);
  }

  #fill(places: readonly Place[], values: JsonValues, event: number, writer: RecordWriter): void {
    const object = values.member(event, OBJECT);
    const hasId = values.member(event, ID) !== NOWHERE;
    const has: Readonly<Record<Part, boolean>> = {
      event: true,
      object: object !== NOWHERE,
      // The patch of an object is an array, of which each element may have it.
      spec: object !== NOWHERE && (values.isArray(object) || values.member(object, SPEC) !== NOWHERE),
    };
    for (const { offset, read, isList, needsId, part } of places) {
      if (!has[part] || (needsId && !hasId)) continue;
      writer.put(offset, read(values, event), isList, values);
    }
  }
}

function placeOf(
  offset: number,
  { name, reading, list }: (typeof AUDIT_MEMBERS)[number]['row'],
  argument: string | undefined,
): Place {
  const at = pointerOf(reading);
  const part = at.startsWith('/requestObject/spec') ? 'spec' : at.startsWith('/requestObject') ? 'object' : 'event';
  const read = prepareReading(reading, argument);
  return { offset, read, isList: list === true, needsId: name.startsWith('ka.'), part };
}

/** What a reading reads at least; empty for the event as a whole. */
function pointerOf(reading: AuditReading): string {
  switch (reading.read) {
    case 'text':
    case 'elements':
    case 'walk':
    case 'volumeTypes':
    case 'parameter':
      return reading.at;
    case 'repositories':
    case 'first':
    case 'words':
    case 'ports':
    case 'anyTrue':
    case 'anyIs':
      return pointerOf(reading.of);
    case 'effective':
      return reading.containers;
    case 'subjects':
    case 'ofRules':
      return '/requestObject';
    case 'podName':
    case 'constant':
    case 'pointer':
    case 'event':
      return '';
  }
}
