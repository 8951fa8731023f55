// Archives that are the same whenever and by whomever they are made.

import { execFileSync } from 'node:child_process';
import { sourceDate } from './fixed-metadata.ts';

/**
 * @param from folder
 * @param to file of the archive
 * @param members of the folder
 */
export function makeTar(from: string, to: string, members: readonly string[] = ['.']): void {
  const owners = ['--owner=0', '--group=0', '--numeric-owner'];
  const words = ['--sort=name', '--format=gnu', `--mtime=@${sourceDate()}`, ...owners, '--directory', from];
  execFileSync('tar', [...words, '--create', '--file', to, ...members]);
}
