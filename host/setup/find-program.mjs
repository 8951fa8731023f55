// Finds a program by its name, as a shell does.

import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * @param {string} name
 * @param {string} [folders] as in PATH; those that are not absolute are left out
 * @returns {string | undefined} path of the first program of that name which this process may run
 */
export function findProgram(name, folders = '') {
  return folders
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
