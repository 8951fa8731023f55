// What files have besides their content, made the same at each build: modes, and times, which are the commit's.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, lutimesSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { SetupFailure } from '../../host/setup/failure.mjs';
import { PROJECT } from '../../host/setup/paths.mjs';

/** The last time that the header of a file in a tar archive has room for: eleven octal digits. */
const LAST_SECOND = 0o77777777777;

/**
 * Time of what is built, in seconds since 1970: SOURCE_DATE_EPOCH, else the commit's; 1970 for sources without git.
 * @throws {SetupFailure} when SOURCE_DATE_EPOCH is not a time, or git can't report the commit's time of a checkout
 */
export function sourceDate(project = PROJECT, given = process.env.SOURCE_DATE_EPOCH): number {
  if (given !== undefined) return givenDate(given);
  const folder = realpathSync(project);
  // Sources without git may lie inside another repository.
  if (!existsSync(join(folder, '.git'))) return 0;
  // Git refuses a checkout of another user's, as containers of CI have it: it may name programs to run. A build runs its sources anyway.
  const trust = ['-c', `safe.directory=${folder}`];
  const words = [...trust, '-C', folder, 'log', '-1', '--no-show-signature', '--format=%ct'];
  const env = { ...process.env };
  for (const name of ['GIT_DIR', 'GIT_WORK_TREE']) delete env[name];
  const { status, stdout, stderr, error } = spawnSync('git', words, { encoding: 'utf8', env });
  if (status === 0) return Number(stdout);
  throw new SetupFailure(
    'the time of the commit, which packages and images have, is not known',
    [
      {
        what: `git does not report it for ${folder}`,
        how: 'install git and let it read the checkout (`git log` works there then), or set SOURCE_DATE_EPOCH to a time in\nseconds since 1970',
      },
    ],
    { output: error === undefined ? stderr.trim() : error.message },
  );
}

function givenDate(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= LAST_SECOND) return Number(text);
  throw new SetupFailure('SOURCE_DATE_EPOCH is not a time', [
    {
      what: `it is "${text}"`,
      how: 'set it to a whole number of seconds since 1970, or unset it: then it is the time of the commit',
    },
  ]);
}

/** Of all files of a tree: files that can be run and folders 755, others 644, except those with a mode of their own. */
export function fixMetadata(root: string, ownModes: Readonly<Record<string, number>> = {}): void {
  const date = sourceDate();
  for (const path of ['.', ...readdirSync(root, { recursive: true, encoding: 'utf8' })]) {
    const file = join(root, path);
    const status = lstatSync(file);
    const runnable = status.isDirectory() || (status.mode & 0o100) !== 0;
    if (!status.isSymbolicLink()) chmodSync(file, ownModes[path] ?? (runnable ? 0o755 : 0o644));
    lutimesSync(file, date, date);
  }
}
