// Where tests keep compiled modules, by the hash of what they were made from: what one file has compiled no other file compiles again, nor
// does a clone of the project whose environment names the folder (test/alone).

import { join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';

export const TEST_MODULES = process.env.WASPREY_TEST_MODULES ?? join(BUILD, 'test', 'modules');
