// Packages of Debian's for processors and suites that are not this machine's: apt with lists of its own, and mmdebstrap.

import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TEST_CACHE } from '../support/test-cache.ts';
import type { Processor } from './guests.ts';

const execute = promisify(execFile);

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.pgp';

/** Runs a command at low priority. What it prints is in the message of its failure. */
export async function run(command: string, words: readonly string[], cwd = '/'): Promise<string> {
  const options = { cwd, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, LC_ALL: 'C.UTF-8' } };
  return (await execute('nice', [command, ...words], options)).stdout;
}

/** The archive that this machine's own apt uses. */
export function mirror(): string {
  const sources = globSync('/etc/apt/{sources.list,sources.list.d/*}').map((path) => readFileSync(path, 'utf8'));
  const addresses = sources.flatMap((text) =>
    [...text.matchAll(/^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(https?:\S+)/gm)].map(([, address]) => address),
  );
  const found = addresses.find((address) => address !== undefined && !address.includes('security'));
  if (found === undefined) throw new Error('no archive of Debian in /etc/apt: the guests are made of its packages');
  return found;
}

/** The newest package of each kind whose name matches, unpacked into a folder. */
export async function unpackNewest(
  suite: string,
  processor: Processor,
  names: RegExp,
  folder: string,
): Promise<void> {
  const apt = await aptOf(suite, processor);
  const known = (await run('apt-cache', [...apt, 'pkgnames'])).split('\n').filter((name) => names.test(name));
  // A kernel may be one package (linux-image-...) or several (linux-binary-..., linux-modules-...).
  const kinds = Map.groupBy(known, (name) => name.split('-')[1]);
  if (kinds.size === 0) throw new Error(`${suite} has no package ${names.source} for ${processor}`);
  const byVersion = new Intl.Collator('en', { numeric: true });
  const newest = [...kinds.values()].map((kind) => kind.sort(byVersion.compare).at(-1) ?? '');
  const downloads = join(folder, 'packages');
  mkdirSync(downloads, { recursive: true });
  await run('apt-get', [...apt, '-qq', 'download', ...newest.map((name) => `${name}:${processor}`)], downloads);
  for (const file of globSync(join(downloads, '*.deb'))) await run('dpkg-deb', ['-x', file, folder]);
  rmSync(downloads, { recursive: true });
}

/** Options by which apt reads the lists of a suite and processor alone. The lists are fetched when they are not there. */
async function aptOf(suite: string, processor: Processor): Promise<readonly string[]> {
  const folder = join(TEST_CACHE, 'kernels', `apt-${suite}-${processor}`);
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true });
  const sources = join(folder, 'debian.sources');
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    `APT::Architecture=${processor}`,
    `APT::Architectures=${processor}`,
    'APT::Sandbox::User=root',
    'Acquire::Retries=3',
  ].flatMap((option) => ['-o', option]);
  writeFileSync(
    sources,
    `Types: deb\nURIs: ${mirror()}\nSuites: ${suite}\nComponents: main\nSigned-By: ${KEYRING}\n`,
  );
  await run('apt-get', [...options, '-qq', 'update']);
  return options;
}

/** Unpacks packages, with all that they depend on, as a root of Debian 13. Their scripts are not run: the processor may be another. */
export async function unpackRoot(processor: Processor, packages: readonly string[], folder: string): Promise<void> {
  const words = ['--quiet', '--variant=extract', `--architectures=${processor}`, `--include=${packages.join(',')}`];
  await run('mmdebstrap', [...words, 'trixie', folder, `deb [signed-by=${KEYRING}] ${mirror()} trixie main`]);
  if (!existsSync(join(folder, 'usr/bin'))) throw new Error(`mmdebstrap left no root in ${folder}`);
}
