// Archives that are the same whenever and by whomever they are made.

import { execFileSync } from 'node:child_process';

/** @param from a folder whose files have fixed metadata  @param to the archive */
export function makeTar(from: string, to: string, members: readonly string[] = ['.']): void {
  const options = ['--sort=name', '--format=gnu', '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', [...options, '--directory', from, '--create', '--file', to, ...members]);
}
