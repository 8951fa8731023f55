// The processor of a guest, by its name.

import { ARCHITECTURES, type Architecture } from '../../deploy/tree/architecture.ts';

/** @throws {RangeError} for one that Wasprey is not built for */
export function architectureNamed(name: string): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.name === name);
  if (!found) throw new RangeError(`${name}: Wasprey is built for ${ARCHITECTURES.map((one) => one.name).join(', ')}`);
  return found;
}
