// Why an action can't be performed at a place.

import type { Action, Needs } from './actions/action.ts';
import type { Place } from './place.ts';

/** What `--privileged` gives: more than any list of single capabilities is likely to (old kernels have 38 of the 41). */
const PRIVILEGED_CAPABILITIES = 38;

/** A clause; undefined if nothing is in the way. */
export function obstacle({ where, needs = {} }: Action, place: Place): string | undefined {
  if (where === 'host' && place.kind !== 'host') return 'it is for the host, this is a container';
  if (where === 'container' && place.kind !== 'container') return 'it is for containers';
  return unmet(needs, place);
}

function unmet(needs: Needs, { uid, capabilities, hasFile, hasProgram }: Place): string | undefined {
  if (needs.root && uid !== 0) return 'it needs root';
  if (needs.privileged && capabilities.size < PRIVILEGED_CAPABILITIES) return 'it needs a privileged container';
  const capability = needs.capabilities?.find((name) => !capabilities.has(`CAP_${name}`));
  if (capability !== undefined) return `it needs CAP_${capability}`;
  const program = needs.programs?.find((name) => !hasProgram(name));
  if (program !== undefined) return `there is no program ${program}`;
  const file = needs.files?.find((path) => !hasFile(path));
  if (file !== undefined) return `there is no ${file}`;
  return undefined;
}
