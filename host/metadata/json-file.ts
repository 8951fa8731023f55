// Reads a JSON file that others own: the owner of a container's bundle must not be able to stall the agent with it.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const LONGEST_FILE = 4 * 1024 * 1024;

/** Undefined if the file is missing, not a regular file (a named pipe would block), too long, or invalid JSON. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > LONGEST_FILE) return undefined;
    const bytes = Buffer.alloc(stat.size);
    const { bytesRead } = await file.read(bytes, 0, stat.size, 0);
    return JSON.parse(bytes.toString('utf8', 0, bytesRead));
  } catch {
    return undefined;
  }
}
