// Where an alert is from, by its fields.

import { decode, type FieldValue } from '../../fields/value.ts';
import type { Alert } from '../../outputs/alert.ts';
import type { Workload } from './messages.ts';

/** In bytes. Names of Kubernetes and of runtimes are shorter: a longer one is hostile. */
const LONGEST_NAME = 300;

/** The values that name a workload, as they were read. */
export interface Place {
  readonly namespace: Uint8Array | undefined;
  readonly pod: Uint8Array | undefined;
  readonly container: Uint8Array | undefined;
}

export function placeOf({ fields }: Alert): Place {
  let [namespace, pod, container]: (Uint8Array | undefined)[] = [];
  for (const { key, value } of fields) {
    if (key === 'k8s.ns.name') namespace = nameOf(value);
    else if (key === 'k8s.pod.name') pod = nameOf(value);
    else if (key === 'container.name') container = nameOf(value);
  }
  return { namespace, pod, container };
}

function nameOf(value: FieldValue | undefined): Uint8Array | undefined {
  if (value?.kind !== 'text' || value.bytes.length === 0) return undefined;
  // Making a view takes longer than all comparisons.
  return value.bytes.length > LONGEST_NAME ? value.bytes.subarray(0, LONGEST_NAME) : value.bytes;
}

/** Whether the key of two alerts of one rule is the same: what is compared need not be made. */
export function isSamePlace(one: Place, other: Place): boolean {
  return (
    isSameName(one.namespace, other.namespace) &&
    isSameName(one.pod, other.pod) &&
    isSameName(one.container, other.container)
  );
}

function isSameName(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

/** Key of a group: alerts of one rule and one workload have the same. Each name has its length, so that no other names make the same key. */
export function groupKey(rule: string, { namespace, pod, container }: Place): string {
  return `${keyPart(namespace)}${keyPart(pod)}${keyPart(container)}${rule}`;
}

/** Bytes as characters: that takes less than decoding them. */
function keyPart(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return '-';
  return `${bytes.length}:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')}`;
}

export function workloadOf({ namespace, pod, container }: Place): Workload {
  return {
    ...(namespace && { namespace: decode(namespace) }),
    ...(pod && { pod: decode(pod) }),
    ...(container && { container: decode(container) }),
  };
}
