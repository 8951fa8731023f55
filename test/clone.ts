// Runs suites as a stranger does: in a clone of the project with nothing beside it. Tests that need Falco's files are skipped there.

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { BUILD, PROJECT } from '../host/setup/paths.mjs';
import { runTool } from './kernels/run-tool.ts';
import { copyWorkingTree } from './kernels/working-tree.ts';
import { filesOf, type Place, runFiles, suiteOf } from './run-suite.ts';
import { TEST_MODULES } from './support/module-cache.ts';
import type { SkippedTest, TestEvent, Totals } from './totals.ts';

/** What set-up makes: it would take the clone minutes. */
const BUILT = ['bpf', 'native', 'page', 'setup'];

/** Modules that the product has compiled, by the hash of what they were made from: what the clone adds, the suites after it need too. */
const SHARED = join(BUILD, 'modules');

/** Without git there is nothing to clone. */
export const isClonable = (): boolean => existsSync(join(PROJECT, '.git'));

/** Folders of sources. */
const SOURCES = ['host', 'native', 'test', 'deploy', 'rules', 'rules-wasm'];

/** Files among the sources that git neither tracks nor ignores: a clone of the working tree has them, and one of a commit lacks them. */
export function untrackedSources(project: string = PROJECT): string[] {
  const words = ['ls-files', '-z', '--others', '--exclude-standard', '--', ...SOURCES];
  return runTool('git', words, project)
    .split('\0')
    .filter((path) => path !== '');
}

/** Where the tests that were skipped in the last clone are listed, as JSON, for test/alone. */
export const SKIPPED_IN_CLONE = join(BUILD, 'test/skipped-in-clone.json');

/**
 * Runs suites' files with `part` in their names in a clone. Returns by suite the tests that were skipped there, with the paths that their files have
 * here. They are not counted.
 */
export async function* runInClone(
  suites: readonly string[],
  part: string,
  totals: Totals,
): AsyncGenerator<TestEvent, ReadonlyMap<string, readonly SkippedTest[]>> {
  using clone = new Clone();
  const skipped = new Map<string, readonly SkippedTest[]>();
  for (const name of suites) {
    const tests: SkippedTest[] = [];
    yield* runFiles(filesOf(name, part, clone), suiteOf(name), totals, clone, tests);
    const here = (file: string): string => join(PROJECT, relative(clone.folder, file));
    skipped.set(
      name,
      tests.map((each) => ({ ...each, file: here(each.file) })),
    );
  }
  mkdirSync(dirname(SKIPPED_IN_CLONE), { recursive: true });
  writeFileSync(SKIPPED_IN_CLONE, JSON.stringify([...skipped.values()].flat(), undefined, 2));
  return skipped;
}

class Clone implements Place, Disposable {
  readonly #parent = mkdtempSync(join(tmpdir(), 'wasprey-alone-'));
  readonly folder = join(this.#parent, 'project/');

  /** Clones the working tree, with changes that are not committed yet. */
  constructor() {
    copyWorkingTree(PROJECT, this.folder);
    const bare = join(this.#parent, 'bare');
    execFileSync('git', ['clone', '--quiet', '--no-checkout', PROJECT, bare]);
    renameSync(join(bare, '.git'), join(this.folder, '.git'));
    rmSync(bare, { recursive: true });
    execFileSync('git', ['reset', '--quiet'], { cwd: this.folder });
    symlinkSync(join(PROJECT, 'node_modules'), join(this.folder, 'node_modules'));
    for (const part of BUILT.filter((name) => existsSync(join(BUILD, name)))) {
      cpSync(join(BUILD, part), join(this.folder, 'build', part), { recursive: true });
    }
    mkdirSync(SHARED, { recursive: true });
    symlinkSync(SHARED, join(this.folder, 'build/modules'));
    if (readdirSync(this.#parent).join() !== 'project') throw new Error(`the clone has neighbours in ${this.#parent}`);
  }

  /** Modules are those of this project's tests. Compiled code is the clone's own, since node keeps it by path. */
  get environment(): NodeJS.ProcessEnv {
    const { FALCO_DATA: _falco, ...environment } = process.env;
    const compiled = join(this.folder, 'build/compile-cache');
    return { ...environment, WASPREY_TEST_MODULES: TEST_MODULES, NODE_COMPILE_CACHE: compiled };
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true });
  }
}
