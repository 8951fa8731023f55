// Folders in the cache of downloads, each made once and named by what it is made of.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DOWNLOAD_CACHE } from '../host/setup/paths.mjs';

/**
 * @param name what it is, for people
 * @param parts what decides its content
 * @param fill makes the content in a folder that is there and empty
 * @returns its path
 */
export function cachedFolder(name: string, parts: readonly string[], fill: (folder: string) => void): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  const folder = join(DOWNLOAD_CACHE, `${name}-${hash}`);
  if (existsSync(folder)) return folder;
  mkdirSync(DOWNLOAD_CACHE, { recursive: true });
  const unfinished = mkdtempSync(`${folder}.`);
  try {
    fill(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
