// All actions, by family.

import type { Action } from './action.ts';
import { ATTACK_TOOL_ACTIONS } from './attack-tools.ts';
import { CONNECTION_ACTIONS } from './connections.ts';
import { CONTAINER_ESCAPE_ACTIONS } from './container-escapes.ts';
import { CONTAINER_TOOL_ACTIONS } from './container-tools.ts';
import { CONTAINER_ACTIONS } from './containers.ts';
import { DATABASE_ACTIONS } from './databases.ts';
import { FILE_ACTIONS } from './files.ts';
import { KERNEL_ACTIONS } from './kernel.ts';
import { NETWORK_ACTIONS } from './network.ts';
import { PEER_ACTIONS } from './peers.ts';
import { PERSISTENCE_ACTIONS } from './persistence.ts';
import { PORT_ACTIONS } from './ports.ts';
import { PRIVILEGE_ACTIONS } from './privileges.ts';
import { PROGRAM_ACTIONS } from './programs.ts';
import { SYSTEM_ACTIONS } from './system.ts';
import { SYSTEM_FILE_ACTIONS } from './system-files.ts';
import { WEB_SERVER_AND_BROKER_ACTIONS } from './web-servers-and-brokers.ts';

export const ACTIONS: readonly Action[] = [
  ...FILE_ACTIONS,
  ...PROGRAM_ACTIONS,
  ...CONTAINER_ACTIONS,
  ...NETWORK_ACTIONS,
  ...KERNEL_ACTIONS,
  ...PERSISTENCE_ACTIONS,
  ...PRIVILEGE_ACTIONS,
  ...CONTAINER_TOOL_ACTIONS,
  ...CONNECTION_ACTIONS,
  ...PEER_ACTIONS,
  ...SYSTEM_ACTIONS,
  ...SYSTEM_FILE_ACTIONS,
  ...ATTACK_TOOL_ACTIONS,
  ...CONTAINER_ESCAPE_ACTIONS,
  ...PORT_ACTIONS,
  ...DATABASE_ACTIONS,
  ...WEB_SERVER_AND_BROKER_ACTIONS,
];
