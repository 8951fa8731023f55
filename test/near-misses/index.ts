// The near misses of all actions, each tested beside its action.

import { ATTACK_TOOL_NEAR_MISSES } from './attack-tools.ts';
import { CONNECTION_NEAR_MISSES } from './connections.ts';
import { CONTAINER_ESCAPE_NEAR_MISSES } from './container-escapes.ts';
import { CONTAINER_TOOL_NEAR_MISSES } from './container-tools.ts';
import { CONTAINER_NEAR_MISSES } from './containers.ts';
import { DATABASE_NEAR_MISSES } from './databases.ts';
import { FILE_NEAR_MISSES } from './files.ts';
import { KERNEL_NEAR_MISSES } from './kernel.ts';
import type { NearMisses } from './near-miss.ts';
import { NETWORK_NEAR_MISSES } from './network.ts';
import { PEER_NEAR_MISSES } from './peers.ts';
import { PERSISTENCE_NEAR_MISSES } from './persistence.ts';
import { PORT_NEAR_MISSES } from './ports.ts';
import { PRIVILEGE_NEAR_MISSES } from './privileges.ts';
import { PROGRAM_NEAR_MISSES } from './programs.ts';
import { SYSTEM_NEAR_MISSES } from './system.ts';
import { SYSTEM_FILE_NEAR_MISSES } from './system-files.ts';
import { WEB_SERVER_AND_BROKER_NEAR_MISSES } from './web-servers-and-brokers.ts';

export const NEAR_MISSES: NearMisses = {
  ...ATTACK_TOOL_NEAR_MISSES,
  ...CONNECTION_NEAR_MISSES,
  ...CONTAINER_ESCAPE_NEAR_MISSES,
  ...CONTAINER_TOOL_NEAR_MISSES,
  ...CONTAINER_NEAR_MISSES,
  ...DATABASE_NEAR_MISSES,
  ...FILE_NEAR_MISSES,
  ...KERNEL_NEAR_MISSES,
  ...NETWORK_NEAR_MISSES,
  ...PEER_NEAR_MISSES,
  ...PERSISTENCE_NEAR_MISSES,
  ...PORT_NEAR_MISSES,
  ...PRIVILEGE_NEAR_MISSES,
  ...PROGRAM_NEAR_MISSES,
  ...SYSTEM_FILE_NEAR_MISSES,
  ...SYSTEM_NEAR_MISSES,
  ...WEB_SERVER_AND_BROKER_NEAR_MISSES,
};
