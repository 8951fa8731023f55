// The npm packages of an installation, those in the script of its page, and Node.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';
import type { Architecture } from '../tree/architecture.ts';
import { bundledPackages, type NodePackage, productionPackages } from '../tree/node-packages.ts';
import { runtimeLicense, runtimeVersion } from '../tree/node-runtime.ts';
import type { Component } from './component.ts';

/** Upper and lower case, with and without an ending. */
const LICENSE_FILE = /(^|\/)(licen[cs]e|copying|notice|copyright)[^/]*$/i;

export function npmComponents(architecture: Architecture): Component[] {
  return [...productionPackages(architecture), ...bundledPackages()].map((one) => ({
    name: one.name,
    version: one.version,
    purl: `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`,
    license: one.license,
    licenseText: licenseText(one),
    sha512: hexOf(one.integrity),
  }));
}

export function nodeComponent(architecture: Architecture): Component {
  const { version, integrity } = runtimeVersion(architecture);
  return {
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    license: 'MIT',
    licenseText: runtimeLicense(architecture),
    sha512: hexOf(integrity),
  };
}

function licenseText({ path, license }: NodePackage): string {
  const folder = join(PROJECT, path);
  const files = globSync('**/*', { cwd: folder, exclude: (name) => name === 'node_modules' })
    .filter((name) => LICENSE_FILE.test(name) && !/\.[cm]?[jt]s$/.test(name))
    .sort();
  if (files.length === 0)
    return `The package has no text of its licence, ${license}: https://spdx.org/licenses/${license}.html`;
  return files.map((name) => readFileSync(join(folder, name), 'utf8').trim()).join('\n\n');
}

/** Subresource integrity has base64. */
function hexOf(integrity: string): string {
  return Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
}
