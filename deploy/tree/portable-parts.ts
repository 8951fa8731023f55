// What an installed Wasprey has whatever the processor: the host program, the page, rules, what rules are compiled from, and the rules that ship,
// compiled. Made once for all trees of a run.

import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ModuleCache } from '../../host/compiler/assemble/cache.ts';
import { compileModule } from '../../host/compiler/compile.ts';
import { loadRuleSet } from '../../host/daemon/rules/load-rule-set.ts';
import { COMPILER_DIGEST_FILE, moduleKey, sourcesDigest } from '../../host/daemon/rules/module-key.ts';
import { readRuleFiles, sourceHashes } from '../../host/daemon/rules/rule-files.ts';
import { ALL_ENABLED } from '../../host/daemon/rules/rule-selection.ts';
import { processTerminal } from '../../host/diagnostics/terminal.ts';
import { version } from '../../host/diagnostics/version.ts';
import { SetupFailure } from '../../host/setup/failure.mjs';
import { BUILD, PAGE_FOLDER, PROJECT } from '../../host/setup/paths.mjs';
import { bundleHost } from './host-program.ts';

/** Where an agent finds the rules that ship: the package's place, and the one that the chart names. */
const RULES_FOLDERS = ['/usr/lib/wasprey/rules', '/etc/wasprey/rules'];

/** As Wasprey's folder has it. */
const PARTS = join(BUILD, 'portable');

let made: Promise<void> | undefined;

/** @param home Wasprey's folder in the tree */
export async function copyPortableParts(home: string): Promise<void> {
  made ??= makeParts();
  await made;
  cpSync(PARTS, home, { recursive: true });
}

async function makeParts(): Promise<void> {
  rmSync(PARTS, { recursive: true, force: true });
  mkdirSync(PARTS, { recursive: true });
  copyFileSync(join(PROJECT, 'LICENSE'), join(PARTS, 'LICENSE'));
  writePackage();
  await bundleHost(join(PARTS, 'host'));
  cpSync(PAGE_FOLDER, join(PARTS, 'build/page'), { recursive: true });
  for (const folder of ['rules', 'rules-wasm']) cpSync(join(PROJECT, folder), join(PARTS, folder), { recursive: true });
  await compileRules();
}

/** Not the scripts and development packages: an installation has none. */
function writePackage(): void {
  const manifest: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  const { name, description, license, dependencies } = manifest;
  const kept = { name, version: version(), description, license, private: true, type: 'module', dependencies };
  writeFileSync(join(PARTS, 'package.json'), `${JSON.stringify(kept, undefined, 2)}\n`);
  // One of the things that decide what the compiler makes of rules.
  copyFileSync(join(PROJECT, 'package-lock.json'), join(PARTS, 'package-lock.json'));
}

/**
 * So that a start with the rules that ship does not wait for the compiler: whole, under the key of the files that the package's configuration, or the
 * chart's, names; and what asc made of their code, for an archive that is unpacked elsewhere.
 */
async function compileRules(): Promise<void> {
  const directory = join(PARTS, 'build/modules');
  const cache = new ModuleCache(directory);
  const compiler = sourcesDigest();
  writeFileSync(join(PARTS, 'build', COMPILER_DIGEST_FILE), `${compiler}\n`);
  const ownRules = readRuleFiles([]);
  for (const folder of RULES_FOLDERS) {
    const files = ownRules.map(({ name, text }) => ({ name: join(folder, basename(name)), text }));
    const { active } = loadRuleSet(files, processTerminal(), false);
    const { wasm, diagnostics } = await compileModule(active, {
      cacheDirectory: directory,
      sources: sourceHashes(files),
    });
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message);
    if (errors.length > 0) {
      const problem = {
        what: errors.join('; '),
        how: 'correct it: `npm run -s wasprey -- validate rules` shows where',
      };
      throw new SetupFailure('the rules that ship have errors', [problem]);
    }
    cache.write(moduleKey(files, ALL_ENABLED, compiler), wasm);
  }
}
