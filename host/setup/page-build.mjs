// Builds the page that the agent serves (host/daemon/console/page/): one script and one style sheet, by esbuild.

import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { SetupFailure } from './failure.mjs';
import { isCheckout } from './native-build.mjs';
import { PAGE_FOLDER, PROJECT, SETUP_STATE } from './paths.mjs';
import { runTool } from './run-tool.mjs';
import { digestInputs, isUpToDate, writeStamp } from './stamp.mjs';

const STAMP = `${SETUP_STATE}page.stamp`;
const SOURCES = 'host/daemon/console/page';
/** What is bundled: a test holds it against what esbuild reads. */
export const PAGE_INPUTS = [
  SOURCES,
  'host/daemon/console/messages.ts',
  'host/daemon/console/activity/messages.ts',
  'host/schema/priority.ts',
];
const COPIED = ['index.html', 'icon.svg'];
const OUTPUTS = [...COPIED, 'page.js', 'page.css'].map((name) => `${PAGE_FOLDER}/${name}`);

/** Digest of all that goes into the page, also of the versions of what is bundled. */
const currentDigest = () => digestInputs(PROJECT, [...PAGE_INPUTS, 'package-lock.json']);

/** @returns {boolean} */
export function pageBuilt() {
  // An installed Wasprey comes with it, without sources.
  return isCheckout() ? isUpToDate(STAMP, currentDigest(), OUTPUTS) : OUTPUTS.every((path) => existsSync(path));
}

/**
 * @param {number} lock descriptor that esbuild inherits
 * @throws {SetupFailure}
 */
export function buildPage(lock) {
  const digest = currentDigest();
  mkdirSync(PAGE_FOLDER, { recursive: true });
  const { status, output, log } = runTool({
    // Not esbuild/bin/esbuild: that is a script or, where `npm ci` ran install scripts, the program itself.
    command: `${PROJECT}node_modules/@esbuild/${process.platform}-${process.arch}/bin/esbuild`,
    arguments: [
      ...[`${SOURCES}/page.tsx`, `${SOURCES}/page.css`, `--outdir=${PAGE_FOLDER}`],
      ...['--bundle', '--minify', '--format=esm', '--target=es2022', '--charset=utf8', '--legal-comments=none'],
    ],
    environment: process.env,
    log: 'page',
    lock,
  });
  if (status !== 0) {
    throw new SetupFailure(
      'the page could not be built',
      [{ what: 'esbuild failed', how: 'see below what it says; delete node_modules/ and run this again' }],
      { output, log },
    );
  }
  for (const name of COPIED) copyFileSync(`${PROJECT}${SOURCES}/${name}`, `${PAGE_FOLDER}/${name}`);
  writeStamp(STAMP, digest);
}
