// What the figures were taken on: without it they say nothing.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { PROJECT } from '../../host/setup/paths.mjs';

/** Lines of text for the head of the table. */
export function describeMachine(): string[] {
  const processors = cpus();
  const virtual = /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const [load = 0] = loadavg();
  return [
    `${processors.length} x ${processors[0]?.model ?? process.arch}${virtual ? ' (virtual)' : ''}, ${memory} GB`,
    `Linux ${release()}, Node ${process.versions.node}`,
    `${new Date().toISOString().slice(0, 16)}Z, commit ${commit()}, load before the start ${load.toFixed(2)}`,
  ];
}

function commit(): string {
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: PROJECT, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown (no git)';
  }
}
