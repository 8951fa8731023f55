// The supplier of a field's value, for the reference and the listing.

import { IMAGE } from './image.ts';
import { member } from './layout.ts';
import type { Field } from './types.ts';

/**
 * `capture`: in the records that the kernel writes. `reader`: derived from those by the capture's reader, once for a process or event (absolute
 * paths, joined arguments, names of users). `output`: formatted when an alert is written. `machine`: read from files of the machine
 * then, or resolved by it. `runtime`: the container runtime's answer. `kubernetes`: metadata of the pod.
 */
export type Supplier = 'capture' | 'reader' | 'output' | 'machine' | 'runtime' | 'kubernetes' | 'nobody';

/** Computed from the name that the reader completes. */
const FROM_NAMES = /^(fd\.(name|directory|filename)|fs\.path\..*(?<!raw)|evt\.abspath)$/;
/** The machine resolves the names in conditions. */
const ADDRESS_NAME = /^fd\.[cslr]ip\.name$/;
/** Known from a container's cgroup path. */
const FROM_CGROUP = new Set(['container.id', 'container.full_id']);

export function supplierOf({ name, source }: Field): Supplier {
  switch (source.from) {
    case 'none':
      return 'nobody';
    case 'rendered':
      return 'output';
    case 'procfs':
      return 'machine';
    case 'image':
    case 'ancestor':
      return member(IMAGE, source.member).doc.startsWith('annex') ? 'reader' : 'capture';
    case 'event':
    case 'argument':
      return 'capture';
    case 'container':
    case 'computed':
      if (name.startsWith('k8s.') || name.startsWith('k8smeta.')) return 'kubernetes';
      if (name.startsWith('container.')) return FROM_CGROUP.has(name) ? 'reader' : 'runtime';
      if (ADDRESS_NAME.test(name)) return 'machine';
      return FROM_NAMES.test(name) ? 'reader' : 'capture';
  }
}
