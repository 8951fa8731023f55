// Whether the kernel may act on a container: the rails of the agent's responses, for what is known of the container alone.

import type { ContainerBytes, ContainerRecord } from '../../fields/record.ts';
import { decode } from '../../fields/value.ts';
import { CONTAINER_STATE, POD_STATE } from '../../schema/container.ts';
import { PERMIT } from '../../schema/tables/enforcement-tables.ts';
import type { EnforcementStart } from '../messages/rule-set-start.ts';

/** What `never` says of it, if all is known that decides. */
export function permitOf(container: ContainerRecord, never: EnforcementStart['never'] | undefined): number {
  const podState = container.number('pod_state');
  const isKnown =
    container.number('state') === CONTAINER_STATE.KNOWN &&
    (podState === POD_STATE.NONE || podState === POD_STATE.KNOWN);
  if (!never || !isKnown) return PERMIT.UNKNOWN;
  const text = (name: ContainerBytes): string => decode(container.bytes(name) ?? new Uint8Array());
  if (never.podUid !== '' && never.podUid === text('pod_uid')) return PERMIT.NEVER;
  if (never.namespaces.includes(text('pod_namespace'))) return PERMIT.NEVER;
  const podLabels = new Set(text('pod_labels').split('\0'));
  const isExcluded = never.labels.some(
    ([key, value]) => container.mayHaveOwnLabel(key, value) || podLabels.has(`${key}:${value}`),
  );
  return isExcluded ? PERMIT.NEVER : PERMIT.PERMITTED;
}
