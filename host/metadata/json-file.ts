// Reads a JSON file that belongs to someone else: whoever owns a container's bundle must not be able to stall the agent with it.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const LONGEST_FILE = 4 * 1024 * 1024;

/** Undefined if there is no such file, it is no regular file (a named pipe would block), too long, or no JSON. */
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
