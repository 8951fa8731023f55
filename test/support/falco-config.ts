// Falco's own configuration file, as test data.

import { join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';

export const FALCO_CONFIG = join(PROJECT, '../shared/falco-config/falco.yaml');
