// container.* and k8s.*: what a container table entry says. The entry may be the sandbox's or one that the host program
// has just made: an alert that waited for the runtime's answer is completed from the latter.

import type { Field } from '../schema/fields/field.ts';
import { readDerivation } from './derived.ts';
import type { ContainerRecord } from './record.ts';
import type { Absent, FieldValue } from './value.ts';

/** What of the event a container field may depend on. */
export interface ContainerMoment {
  /** ns since the epoch. */
  readonly eventTime: bigint;
  /** Start of the first process of the pid namespace, ns since the epoch; 0 = not known. */
  readonly namespaceStart: bigint;
}

const KNOWN_FROM_CGROUP = new Set(['container.id', 'container.full_id']);
/** Fields of the API server's that the runtime tells too. */
const KNOWN_FROM_RUNTIME = /^k8smeta\.(pod\.(name|uid|ip|label|labels|annotation)|ns\.name)$/;

/** Whether the field's value comes from the container table, so that it may still be on its way. */
export function isContainerField({ source }: Field): boolean {
  return source.from === 'container';
}

/** Whether only the container's runtime can tell the field's value: the rest is known from the cgroup at once. */
export function needsRuntime(field: Field): boolean {
  return isContainerField(field) && !KNOWN_FROM_CGROUP.has(field.name);
}

/** Whether only the API server can tell it: the runtime knows of the pod what the kubelet gave it when it started. */
export function needsCluster({ name }: Field): boolean {
  return name.startsWith('k8smeta.') && !KNOWN_FROM_RUNTIME.test(name);
}

/** The value of a field for which isContainerField holds. */
export function readContainerField(
  { source }: Field,
  argument: string | undefined,
  container: ContainerRecord,
  moment: ContainerMoment,
): FieldValue | Absent {
  if (source.from !== 'container') return undefined;
  return readDerivation(source.derive(argument), { ...moment, container });
}
