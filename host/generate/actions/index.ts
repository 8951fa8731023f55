// All actions there are, family by family.

import type { Action } from '../action.ts';
import { FILE_ACTIONS } from './files.ts';

export const ACTIONS: readonly Action[] = [...FILE_ACTIONS];
