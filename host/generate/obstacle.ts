// Why an action can't be performed at a place.

import { PRIVILEGED_CAPABILITIES } from '../schema/flags.ts';
import type { Action, Needs } from './actions/action.ts';
import type { Place } from './place.ts';

/** The reason, as a clause; undefined if the action can be performed. */
export function obstacle({ where, needs = {} }: Action, place: Place): string | undefined {
  if (where === 'host' && place.kind !== 'host') return 'it needs the host, this is a container';
  if (where === 'container' && place.kind !== 'container') return 'it needs a container';
  return unmet(needs, place);
}

function unmet(needs: Needs, { uid, capabilities, hasFile, hasProgram }: Place): string | undefined {
  if (needs.root && uid !== 0) return 'it needs root';
  if (needs.privileged && capabilities.size < PRIVILEGED_CAPABILITIES) return 'it needs a privileged container';
  const capability = needs.capabilities?.find((name) => !capabilities.has(`CAP_${name}`));
  if (capability !== undefined) return `it needs CAP_${capability}`;
  const program = needs.programs?.find((name) => !hasProgram(name));
  if (program !== undefined) return `the program ${program} is missing`;
  const file = needs.files?.find((path) => !hasFile(path));
  if (file !== undefined) return `${file} is missing`;
  return undefined;
}
