// Pure functions of the capture core, by an addon that is built for tests alone (native/test/addon.cc).

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';

interface TestAddon {
  /** The line of a verifier's log that says why it refuses the program; '' if the log has no such line. */
  verdictOf(log: string): string;
  /** The container a cgroup path names. */
  containerIdOf(cgroup: string): { type: string; fullId: string; id: string } | undefined;
  /** Whether `path` is its own absolute lexical path, and that path; directory '' = not known. */
  lexicalPath(directory: Uint8Array, path: Uint8Array): { clean: boolean; path: Uint8Array };
  /** Names by number from the passwd and group files below a directory that is not trusted. */
  namesBelow(root: string): { users: Record<string, string>; groups: Record<string, string> } | undefined;
  /** Users by number from the text of a passwd file. */
  usersOf(passwd: string): Record<string, { name: string; home?: string; shell?: string }>;
}

// Test files run at the same time.
execFileSync('flock', [`${BUILD}native/wasprey-test.lock`, 'make', '-s', '-C', `${PROJECT}native`, 'test-addon'], {
  env: { ...process.env, MAKEFLAGS: '' },
  stdio: ['ignore', 'ignore', 'inherit'],
});

export const testAddon = createRequire(import.meta.url)(`${BUILD}native/wasprey-test.node`) as TestAddon;
