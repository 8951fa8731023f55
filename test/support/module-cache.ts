// Where tests keep compiled modules, by the hash of what they were made from: what one file has compiled no other file compiles again.

import { join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';

export const TEST_MODULES = join(BUILD, 'test', 'modules');
