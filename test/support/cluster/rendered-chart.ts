// What the chart renders, without a cluster.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { CHART } from '../../../deploy/chart/files.ts';
import { helmProgram } from '../../../deploy/chart/helm.ts';
import { loadConfig } from '../../../host/config/load.ts';
import { asArray, asText, at } from '../../../host/diagnostics/json-value.ts';

export type Values = Readonly<Record<string, unknown>>;

export function helm(words: readonly string[], values: Values = {}) {
  return spawnSync(helmProgram(), [...words, '--values', '-'], { encoding: 'utf8', input: JSON.stringify(values) });
}

export function template(values: Values, kubernetes = '1.34.0') {
  return helm(['template', 'try', CHART, '--namespace', 'security', '--kube-version', kubernetes], values);
}

/** Manifests of a kind, of which there has to be one. */
export function render(kind: string, values: Values = {}, kubernetes?: string): unknown {
  const [found, ...others] = renderAll(kind, values, kubernetes);
  assert.ok(found !== undefined && others.length === 0, `one ${kind}`);
  return found;
}

export function renderAll(kind: string, values: Values = {}, kubernetes?: string): unknown[] {
  const { status, stdout, stderr } = template(values, kubernetes);
  assert.equal(status, 0, stderr);
  return yaml.loadAll(stdout).filter((item) => at(item, 'kind') === kind);
}

export function podOf(values: Values = {}): unknown {
  return at(render('DaemonSet', values), 'spec', 'template', 'spec');
}

export function containerOf(values: Values = {}): unknown {
  return asArray(at(podOf(values), 'containers'))[0];
}

/** The configuration file, read as the agent reads it. */
export function configurationOf(values: Values) {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-chart-'));
  try {
    const [file] = renderAll('ConfigMap', values).flatMap((map) => asText(at(map, 'data', 'wasprey.yaml')) ?? []);
    assert.ok(file);
    const path = join(folder, 'wasprey.yaml');
    writeFileSync(path, file);
    return loadConfig({ path, environment: {} }).configuration;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What helm says after an installation. */
export function notes(values: Values): string {
  const { status, stdout, stderr } = helm(['install', 'try', CHART, '--dry-run=client'], values);
  assert.equal(status, 0, stderr);
  return stdout.slice(stdout.indexOf('\nNOTES:'));
}
