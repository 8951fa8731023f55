// Rule files that are added to an image: read from a file or fetched from an address, and checked.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { loadRules, type RuleFile } from '../../host/compiler/rules/load.ts';
import { reasonOf } from '../../host/diagnostics/system-reason.ts';
import { SetupFailure } from '../../host/setup/failure.mjs';

/**
 * @param place a path, or an https address
 * @returns the file by its own name
 * Rejects with SetupFailure if it can't be read, or is not a rules file.
 */
export async function readAddedRules(place: string): Promise<RuleFile> {
  const isAddress = /^https?:\/\//.test(place);
  const name = basename(isAddress ? new URL(place).pathname : place);
  if (!/\.ya?ml$/.test(name)) fail(place, 'its name does not end in .yaml or .yml', 'name a rules file');
  const text = isAddress ? await fetched(place) : read(place);
  const [error] = loadRules([{ name, text }]).errors.filter(({ code }) => code === 'LOAD_ERR_YAML_PARSE');
  if (error) fail(place, error.message, 'name the rules file itself, or the address that has its plain text');
  return { name, text };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    fail(path, reasonOf(error), 'name a rules file, or its address');
  }
}

async function fetched(address: string): Promise<string> {
  const response = await fetch(address).catch((error: unknown) => {
    fail(address, reasonOf(error), 'this machine has to reach it');
  });
  if (!response.ok) fail(address, `the server answers ${response.status}`, 'name the address that has its plain text');
  return response.text();
}

function fail(place: string, what: string, how: string): never {
  throw new SetupFailure(`can't add the rules of ${place}`, [{ what, how }]);
}
