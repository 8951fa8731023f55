// All actions there are, family by family.

import type { Action } from '../action.ts';
import { DATABASE_ACTIONS } from './databases.ts';
import { FILE_ACTIONS } from './files.ts';
import { WEB_SERVER_AND_BROKER_ACTIONS } from './web-servers-and-brokers.ts';

export const ACTIONS: readonly Action[] = [...FILE_ACTIONS, ...DATABASE_ACTIONS, ...WEB_SERVER_AND_BROKER_ACTIONS];
