// Falco's own rules, configuration and dashboard: tests, benchmarks and soak read them where they are, since they are not this
// project's. What needs a file that is missing is skipped, and says how to get it.

import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';

/** A folder with clones of Falco's repositories, or with the files sorted into falco-rules and falco-config. */
const FOLDER = resolve(PROJECT, process.env.FALCO_DATA || '../shared');

/** Falco's repositories, which are cloned side by side: each with the folders that have had its files. */
const REPOSITORIES = {
  rules: ['falco-rules', 'rules/rules', 'rules/archive'],
  plugins: ['falco-rules', 'plugins/plugins/k8saudit/rules'],
  falco: ['falco-config', 'falco', 'falco/chart/falco/dashboards'],
} as const;

const REPOSITORY_OF = {
  'falco_rules.yaml': 'rules',
  'falco-incubating_rules.yaml': 'rules',
  'falco-sandbox_rules.yaml': 'rules',
  'falco-deprecated_rules.yaml': 'rules',
  'application_rules.yaml': 'rules',
  'k8s_audit_rules.yaml': 'plugins',
  'falco.yaml': 'falco',
  'falco-dashboard.json': 'falco',
  'helm-values.yaml': 'falco',
} as const;

/** Places in a clone of files that have another name there. */
const IN_CLONES: Partial<Record<FalcoFile, string>> = { 'helm-values.yaml': 'falco/chart/falco/values.yaml' };

export type FalcoFile = keyof typeof REPOSITORY_OF;

/** Where a file of Falco's is; undefined if it is missing. */
export function findFalcoFile(name: FalcoFile): string | undefined {
  const paths = REPOSITORIES[REPOSITORY_OF[name]].map((folder) => join(folder, name));
  return [...paths, IN_CLONES[name] ?? ''].map((path) => join(FOLDER, path)).find(isFile);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // missing, or behind a folder that may not be entered
  }
}

/** Where a file of Falco's is. Throws if it is missing: what calls this is skipped then. */
export function falcoFile(name: FalcoFile): string {
  const path = findFalcoFile(name);
  if (path === undefined) throw new Error(missingFalco(name) || name);
  return path;
}

/** For the `skip` of a test: false if these files of Falco's are there, else one line that says how to get the first missing one. */
export function missingFalco(...names: readonly FalcoFile[]): string | false {
  const name = names.find((each) => findFalcoFile(each) === undefined);
  if (name === undefined) return false;
  const clone = `git clone https://github.com/falcosecurity/${REPOSITORY_OF[name]}`;
  return `needs Falco's ${name}: \`${clone}\` in a folder, and set FALCO_DATA to that folder`;
}

/** Defines tests that need these files of Falco's; if one is missing, a single test that is skipped. */
export function describeWithFalco(names: readonly FalcoFile[], define: () => void): void {
  const why = missingFalco(...names);
  if (why === false) define();
  else test(`with ${names.join(', ')}`, { skip: why });
}

/** Events of Falco's own tests, with what Falco says to each: `k8s-audit-samples/` of the folder. No repository has the verdicts. */
export function findAuditSamples(): string | undefined {
  const folders = [join(FOLDER, 'k8s-audit-samples'), join(FOLDER, 'reference/k8s-audit-samples')];
  return folders.find((folder) => isFile(join(folder, 'expected.json')));
}
