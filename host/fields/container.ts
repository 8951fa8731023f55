// container.* and k8s.*: fields of a container table entry. The entry may be the sandbox's or one that the host program
// has just made: an alert that waited for the runtime's answer is completed from the latter.

import type { Field } from '../schema/fields/field.ts';
import { readDerivation } from './derived.ts';
import type { ContainerRecord } from './record.ts';
import type { Absent, FieldValue } from './value.ts';

/** The parts of an event that a container field may depend on. */
export interface ContainerMoment {
  /** ns since the epoch. */
  readonly eventTime: bigint;
  /** Start of the first process of the pid namespace, ns since the epoch; 0 = not known. */
  readonly namespaceStart: bigint;
}

/** Whether the field's value comes from the container table, so it may arrive later. */
export function isContainerField({ source }: Field): boolean {
  return source.from === 'container';
}

/** Whether only the container runtime has the field's value: the others are known from the cgroup at once. */
export function needsRuntime({ source }: Field): boolean {
  return source.from === 'container' && source.knownFrom !== 'cgroup';
}

/** Whether only the API server has it: the runtime knows only what the kubelet passed when the pod started. */
export function needsCluster({ source }: Field): boolean {
  return source.from === 'container' && source.knownFrom === 'cluster';
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
