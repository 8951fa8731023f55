// The supplier of a field's value, for the reference and the listing.

import { EVENT_HEADER } from '../event-structs.ts';
import { EVENT_TYPES } from '../events/index.ts';
import { member } from '../layout.ts';
import { ACCESSOR_OWNERS } from './accessors.ts';
import { type Derivation, membersRead } from './derivation.ts';
import type { Field, KnownFrom } from './field.ts';
import { isOfSshPeer } from './session.ts';

/**
 * `capture`: in the records that the kernel writes. `reader`: derived from those by the capture's reader, once for a process or event (absolute
 * paths, joined arguments, names of users). `output`: formatted when an alert is written. `machine`: read from files of the machine
 * then, or resolved by it. `runtime`: the container runtime's answer. `kubernetes`: metadata of the pod. `api-server`: in the audit event.
 */
export type Supplier = 'capture' | 'reader' | 'output' | 'machine' | 'runtime' | 'kubernetes' | 'api-server' | 'nobody';

export function supplierOf(field: Field): Supplier {
  const { name, source } = field;
  switch (source.from) {
    case 'none':
      return 'nobody';
    case 'rendered':
      return 'output';
    case 'procfs':
      return 'machine';
    case 'entry':
      return isOfSshPeer(name) ? 'machine' : 'reader';
    case 'audit':
    case 'session':
      return 'api-server';
    case 'argument':
    case 'condition':
      return 'capture';
    case 'container':
      return OF_CONTAINER[source.knownFrom];
    case 'record':
      // The machine resolves the names that conditions give.
      if (mayBe('nameOf', field)) return 'machine';
      return derivationsOf(field).some(readsCompleted) ? 'reader' : 'capture';
  }
}

const OF_CONTAINER: Readonly<Record<KnownFrom, Supplier>> = {
  cgroup: 'reader',
  runtime: 'runtime',
  pod: 'kubernetes',
  cluster: 'kubernetes',
};

/** Whether the field's value is such a node's on any event. */
export function mayBe(node: Derivation['node'], field: Field): boolean {
  return derivationsOf(field).some((derivation) => isSometimes(node, derivation));
}

function isSometimes(node: Derivation['node'], derivation: Derivation): boolean {
  if (derivation.node !== 'either') return derivation.node === node;
  return isSometimes(node, derivation.value) || isSometimes(node, derivation.otherwise);
}

/** Without an argument, and with those that make a difference. */
const ARGUMENTS = [undefined, '0', 'src'];

function derivationsOf({ source }: Field): readonly Derivation[] {
  if (source.from !== 'record') return [];
  return EVENT_TYPES.flatMap((type) => ARGUMENTS.map((argument) => source.derive(type, argument)));
}

function readsCompleted(derivation: Derivation): boolean {
  return membersRead(derivation).some(
    ({ of, member: name }) => member(ACCESSOR_OWNERS[of] ?? EVENT_HEADER, name).by !== undefined,
  );
}
