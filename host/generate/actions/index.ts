// All actions there are, family by family.

import type { Action } from '../action.ts';
import { CONTAINER_ACTIONS } from './containers.ts';
import { DATABASE_ACTIONS } from './databases.ts';
import { FILE_ACTIONS } from './files.ts';
import { KERNEL_ACTIONS } from './kernel.ts';
import { NETWORK_ACTIONS } from './network.ts';
import { PROGRAM_ACTIONS } from './programs.ts';
import { WEB_SERVER_AND_BROKER_ACTIONS } from './web-servers-and-brokers.ts';

export const ACTIONS: readonly Action[] = [
  ...FILE_ACTIONS,
  ...PROGRAM_ACTIONS,
  ...CONTAINER_ACTIONS,
  ...NETWORK_ACTIONS,
  ...KERNEL_ACTIONS,
  ...DATABASE_ACTIONS,
  ...WEB_SERVER_AND_BROKER_ACTIONS,
];
