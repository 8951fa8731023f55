// The version of Wasprey.

import { readFileSync } from 'node:fs';
import { PROJECT } from '../setup/paths.mjs';

export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(`${PROJECT}package.json`, 'utf8'));
  return typeof manifest === 'object' && manifest && 'version' in manifest ? String(manifest.version) : 'unknown';
}
