// What an installed Wasprey has whatever the processor: the host program, the page, rules, what rules are compiled from, and the rules that ship,
// compiled. Made once for all trees of a run.

import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileModule } from '../../host/compiler/compile.ts';
import { loadRuleSet } from '../../host/daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../host/daemon/rules/rule-files.ts';
import { processTerminal } from '../../host/diagnostics/terminal.ts';
import { version } from '../../host/diagnostics/version.ts';
import { BUILD, PAGE_FOLDER, PROJECT } from '../../host/setup/paths.mjs';
import { bundleHost } from './host-program.ts';

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

/** Not the scripts and development packages, of which there are none in an installation. */
function writePackage(): void {
  const manifest: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  const { name, description, license, dependencies } = manifest;
  const kept = { name, version: version(), description, license, private: true, type: 'module', dependencies };
  writeFileSync(join(PARTS, 'package.json'), `${JSON.stringify(kept, undefined, 2)}\n`);
  // One of the things that decide what the compiler makes of rules.
  copyFileSync(join(PROJECT, 'package-lock.json'), join(PARTS, 'package-lock.json'));
}

/** So that a start need not wait for the compiler. */
async function compileRules(): Promise<void> {
  const { active } = loadRuleSet(readRuleFiles([]), processTerminal(), false);
  await compileModule(active, { cacheDirectory: join(PARTS, 'build/modules') });
}
