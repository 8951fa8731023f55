// Where a match came from, in a word each: the pod or container, and the program. Known once for each process image, as matches may be many.

import type { EventMemory } from '../../fields/memory.ts';
import { readField } from '../../fields/read.ts';
import { EventRecord } from '../../fields/record.ts';
import { valueText } from '../../fields/text.ts';
import { decode } from '../../fields/value.ts';
import { EVENT_HEADER } from '../../schema/event-structs.ts';
import { resolveField } from '../../schema/fields/index.ts';
import { member } from '../../schema/layout.ts';
import type { HistoryMatch } from './evaluate.ts';

/** Images that are remembered at a time. */
const REMEMBERED = 65_536;
const CPU = member(EVENT_HEADER, 'cpu').offset;

export interface Origin {
  /** `namespace/pod`, the name or id of a container, or `host`. */
  readonly place: string;
  /** The name of the program. */
  readonly program: string;
}

export interface OriginatedMatch extends HistoryMatch {
  readonly record: EventRecord;
  readonly origin: Origin;
}

/** An alert, as it is compared. */
export interface ComparedAlert {
  readonly rule: string;
  /** Identifies its event. */
  readonly event: string;
  /** Actor and place: `cat in web`. */
  readonly origin: string;
}

/** The alert of a rule on it. */
export function comparedAlert(rule: string, { record, memory, event, file, origin }: OriginatedMatch): ComparedAlert {
  return {
    rule,
    event: `${file} ${memory.u16(event + CPU)} ${record.passedView.big('sequence')}`,
    origin: `${origin.program} in ${origin.place}`,
  };
}

/** Reads origins of one set of rules. */
export class Origins {
  #file = -1;
  #memory: EventMemory | undefined;
  #known = new Map<bigint, Origin>();

  /** Undefined for a record that is damaged. */
  of(match: HistoryMatch): OriginatedMatch | undefined {
    const record = EventRecord.at(match.memory, match.view);
    if (!record) return undefined;
    if (match.file !== this.#file || match.memory !== this.#memory || this.#known.size > REMEMBERED) {
      this.#file = match.file;
      this.#memory = match.memory;
      this.#known = new Map();
    }
    const image = record.big('image');
    const known = this.#known.get(image);
    if (known) return { ...match, record, origin: known };
    const origin = readOrigin(match, record);
    const container = record.image?.container;
    if (container && !container.isPending && !container.isPodPending) this.#known.set(image, origin);
    return { ...match, record, origin };
  }
}

function readOrigin({ context }: HistoryMatch, record: EventRecord): Origin {
  const text = (name: string): string | undefined => {
    const field = resolveField(name);
    const value = field.ok ? readField(record, field.field, field.argument, context) : undefined;
    const shown = value && decode(valueText(value));
    return shown === '' || shown === '<NA>' ? undefined : shown;
  };
  const [namespace, pod] = [text('k8s.ns.name'), text('k8s.pod.name')];
  const place =
    namespace && pod ? `${namespace}/${pod}` : (text('container.name') ?? text('container.id') ?? 'unknown');
  return { place, program: text('proc.name') ?? 'unknown' };
}
