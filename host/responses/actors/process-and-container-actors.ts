// The actors that need nothing but this machine.

import type { RuntimePlaces } from '../../metadata/directory/runtime-places.ts';
import type { Actor } from '../action.ts';
import type { ActionKind } from '../settings.ts';
import { KillContainer } from './kill-container.ts';
import { KillProcess } from './kill-process.ts';
import { KillProcessTree } from './kill-process-tree.ts';
import { PauseContainer } from './pause-container.ts';
import { StopContainer } from './stop-container.ts';
import type { Surroundings } from './surroundings.ts';

export function processAndContainerActors(
  surroundings: Surroundings,
  places: RuntimePlaces,
): readonly (readonly [ActionKind, Actor])[] {
  return [
    ['kill_process', new KillProcess(surroundings)],
    ['kill_process_tree', new KillProcessTree(surroundings)],
    ['stop_container', new StopContainer(surroundings, places)],
    ['kill_container', new KillContainer(surroundings)],
    ['pause_container', new PauseContainer(surroundings)],
  ];
}
