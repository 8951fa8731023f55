// Debian's archive for any release and processor, by this machine's apt: with apt's own check of signatures and hashes, from the mirrors
// that the machine uses, without touching /etc/apt or what is installed.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupFailure } from '../../host/setup/failure.mjs';
import { DOWNLOAD_CACHE } from '../../host/setup/paths.mjs';

/** Of Debian, with the releases of all keys that its archive is signed with. */
const KEYS = '/usr/share/keyrings/debian-archive-keyring.pgp';

const LISTS_AGE_MS = 60 * 60_000;

export interface ArchiveOf {
  /** Debian's release: `bookworm`; or its backports: `trixie-backports`. */
  readonly suite: string;
  /** Debian's name of the processor. */
  readonly architecture: string;
}

export class DebianArchive {
  /** In apt's format of sources, for tools that have apt read it. */
  readonly sourcesFile: string;
  readonly #folder: string;
  readonly #options: readonly string[];

  /** Fetches the archive's lists if they are older than an hour. If it can't be reached, those of the last time have to do. */
  constructor({ suite, architecture }: ArchiveOf) {
    this.#folder = join(DOWNLOAD_CACHE, 'apt', `${suite}-${architecture}`);
    for (const folder of ['lists/partial', 'none/partial', 'archives/partial'])
      mkdirSync(join(this.#folder, folder), { recursive: true });
    writeFileSync(join(this.#folder, 'status'), '');
    this.sourcesFile = join(this.#folder, 'debian.sources');
    writeSources(this.sourcesFile, sourcesOf(suite));
    const settings = {
      'Dir::Etc::sourcelist': this.sourcesFile,
      'Dir::Etc::sourceparts': '-',
      'Dir::Etc::preferencesparts': '-',
      'Dir::State': this.#folder,
      // Nothing is installed: so dependencies are downloaded as well.
      'Dir::State::status': join(this.#folder, 'status'),
      'Dir::State::lists': join(this.#folder, 'lists'),
      'Dir::Cache': this.#folder,
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'APT::Sandbox::User': 'root',
      'APT::Install-Recommends': 'false',
      'Acquire::Retries': '3',
      // Another checkout's tests may be at the same.
      'DPkg::Lock::Timeout': '600',
      'Acquire::Languages': 'none',
    };
    this.#options = ['-qq', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
    this.#update();
  }

  /** Its time is that of the lists. */
  get #stamp(): string {
    return join(this.#folder, 'updated');
  }

  #update(): void {
    const updated = statSync(this.#stamp, { throwIfNoEntry: false })?.mtimeMs;
    if (updated !== undefined && Date.now() - updated < LISTS_AGE_MS) return;
    try {
      this.#apt(['update', '--error-on=any']);
    } catch (error) {
      if (updated === undefined) throw error;
    }
    // Also where only some of the lists were fetched: what apt said before may no longer be so.
    writeFileSync(this.#stamp, '');
  }

  /**
   * Names of the package files of these packages and of all that they depend on, with their versions; sorted.
   * @throws {SetupFailure} when there is no such package, or the archive can't be reached
   */
  fileNames(names: readonly string[]): string[] {
    // apt names only what it would have to download: everything, into a folder where nothing is.
    const nowhere = ['-o', `Dir::Cache::archives=${this.#folder}/none`];
    const listing = this.#ask('apt-get', ['install', '--print-uris', ...nowhere, '--yes', '--download-only', ...names]);
    const files = [...listing.matchAll(/^'[^']+' (\S+\.deb) \d+/gm)].map(([, name = '']) => name).sort();
    if (files.length === 0) throw new Error(`apt names no package file for ${names.join(' ')}`);
    return files;
  }

  /**
   * Their paths, downloaded where they are not there yet.
   * @throws {SetupFailure} as fileNames()
   */
  packages(names: readonly string[]): string[] {
    const files = this.fileNames(names).map((name) => join(this.#folder, 'archives', name));
    if (files.every((path) => existsSync(path))) return files;
    this.#apt(['install', '--yes', '--download-only', ...names]);
    const absent = files.find((path) => !existsSync(path));
    if (absent !== undefined) throw new Error(`apt downloaded no ${absent} for ${names.join(' ')}`);
    return files;
  }

  /**
   * The package file of a package alone, without what it depends on.
   * @throws {SetupFailure} as packages()
   */
  packageAlone(name: string): string {
    const archives = join(this.#folder, 'archives');
    const file = /^'[^']+' (\S+\.deb) \d+/m.exec(this.#ask('apt-get', ['download', '--print-uris', name]))?.[1];
    if (file === undefined) throw new Error(`Debian's archive has no ${name}`);
    const path = join(archives, file);
    if (!existsSync(path)) this.#apt(['download', name], archives);
    return path;
  }

  /** Names of the packages that match. */
  names(pattern: RegExp): string[] {
    return this.#ask('apt-cache', ['pkgnames'])
      .split('\n')
      .filter((name) => pattern.test(name));
  }

  /**
   * The sources of a package, unpacked, with Debian's changes.
   * @param to a folder that is not there yet
   */
  source(name: string, to: string): void {
    const folder = mkdtempSync(join(this.#folder, 'source-'));
    try {
      this.#apt(['source', '--download-only', '--only-source', name], folder);
      const [description = ''] = globSync(join(folder, '*.dsc'));
      mkdirSync(dirname(to), { recursive: true });
      execFileSync('dpkg-source', ['--extract', description, to], { stdio: ['ignore', 'ignore', 'pipe'] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Name of the description of a package's sources, with its version: `libbpf_1.5.0-3.dsc`. */
  sourceName(name: string): string {
    const listing = this.#ask('apt-get', ['source', '--print-uris', '--only-source', name]);
    const found = /^'[^']+' (\S+\.dsc) /m.exec(listing)?.[1];
    if (found === undefined) throw new Error(`Debian's archive has no sources of ${name}`);
    return found;
  }

  /** What a tool says of the archive's lists, which it takes seconds to read: kept until they are fetched again. */
  #ask(tool: 'apt-get' | 'apt-cache', words: readonly string[]): string {
    const question = JSON.stringify([readFileSync(this.sourcesFile, 'utf8'), this.#options, tool, words]);
    const file = join(this.#folder, 'answers', createHash('sha256').update(question).digest('hex'));
    const fetched = `${statSync(this.#stamp).mtimeMs}\n`;
    const known = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (known.startsWith(fetched)) return known.slice(fetched.length);
    const answer = this.#run(tool, words);
    mkdirSync(dirname(file), { recursive: true });
    writeWhole(file, fetched + answer);
    return answer;
  }

  #apt(words: readonly string[], directory = this.#folder): string {
    return this.#run('apt-get', words, directory);
  }

  #run(tool: 'apt-get' | 'apt-cache', words: readonly string[], directory = this.#folder): string {
    const environment = { ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
    try {
      // Another process may use the same folder, and apt does not wait; both tools write its index of packages.
      const lock = join(this.#folder, 'lock');
      return execFileSync('flock', [lock, tool, ...this.#options, ...words], {
        cwd: directory,
        encoding: 'utf8',
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 64 << 20,
      });
    } catch (error) {
      const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
      throw new SetupFailure(
        "Debian's packages could not be downloaded",
        [
          {
            what: `${tool} ${words[0]} failed`,
            how: 'see below what it says; connect this machine and run this again',
          },
        ],
        { output },
      );
    }
  }
}

function writeSources(file: string, sources: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === sources) return;
  writeWhole(file, sources);
}

/** Another process, of a test that runs beside, may read the file. */
function writeWhole(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, file);
}

/** The release with its updates, and those of its security archive where this machine has one. */
function sourcesOf(suite: string): string {
  const uris = machineUris();
  const main = uris.find((uri) => !isSecurity(uri));
  if (main === undefined) {
    throw new SetupFailure("Debian's packages could not be downloaded", [
      { what: 'apt has no mirror of Debian', how: 'add one to /etc/apt/sources.list.d and run this again' },
    ]);
  }
  const security = uris.find(isSecurity);
  const release = suite.replace(/-backports$/, '');
  return [
    // Backports depend on packages of their release.
    stanza(main, suite === release ? [release, `${release}-updates`] : [release, suite]),
    ...(security === undefined ? [] : [stanza(security, [`${release}-security`])]),
  ].join('\n');
}

const isSecurity = (uri: string) => uri.includes('security');

function stanza(uri: string, suites: readonly string[]): string {
  return `Types: deb deb-src\nURIs: ${uri}\nSuites: ${suites.join(' ')}\nComponents: main\nSigned-By: ${KEYS}\n`;
}

/** Mirrors that this machine's apt uses, in either of the two formats of its lists. */
function machineUris(): string[] {
  const files = ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/*.{list,sources}').sort()];
  const text = files
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  return [...text.matchAll(/^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(https?:\/\/\S+)/gm)].map(([, uri = '']) => uri);
}
