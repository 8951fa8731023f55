// Where an alert is from, by its fields.

import { decode, type FieldValue } from '../../fields/value.ts';
import type { Alert } from '../../outputs/alert.ts';
import type { Workload } from './messages.ts';

const LONGEST_NAME = 300;

/** Values of the fields that name a workload. */
export type Place = { readonly [Name in keyof Workload]?: FieldValue };

export function placeOf({ fields }: Alert): Place {
  let [namespace, pod, container]: (FieldValue | undefined)[] = [];
  for (const { key, value } of fields) {
    if (key === 'k8s.ns.name') namespace = value;
    else if (key === 'k8s.pod.name') pod = value;
    else if (key === 'container.name') container = value;
  }
  return { ...(namespace && { namespace }), ...(pod && { pod }), ...(container && { container }) };
}

/** Without making texts of them. */
export function isSame(one: Place, other: Place): boolean {
  return (
    isEqual(one.namespace, other.namespace) && isEqual(one.pod, other.pod) && isEqual(one.container, other.container)
  );
}

function isEqual(one: FieldValue | undefined, other: FieldValue | undefined): boolean {
  if (one?.kind !== 'text' || other?.kind !== 'text') return one === other;
  return Buffer.compare(one.bytes, other.bytes) === 0;
}

export function workloadOf(place: Place): Workload {
  const [namespace, pod, container] = [place.namespace, place.pod, place.container].map(shortText);
  return {
    ...(namespace !== undefined && { namespace }),
    ...(pod !== undefined && { pod }),
    ...(container !== undefined && { container }),
  };
}

/** Names of Kubernetes and of runtimes; a longer one is hostile. */
function shortText(value: FieldValue | undefined): string | undefined {
  return value?.kind === 'text' && value.bytes.length > 0 ? decode(value.bytes.subarray(0, LONGEST_NAME)) : undefined;
}
