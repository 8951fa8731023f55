// What a shell that a person uses offers for a command line: the shell is run, on a terminal where it completes for terminals alone.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Completes each line in that folder, and returns what may stand in the place of its last word. */
export type Complete = (lines: readonly string[], folder: string) => ReadonlyMap<string, readonly string[]>;

const PATIENCE_MS = 60_000;
const INSERT_ALL = '\x1b*';

/** Shells write their history and caches there. */
const HOME = mkdtempSync(join(tmpdir(), 'wasprey-home-'));
process.once('exit', () => rmSync(HOME, { recursive: true, force: true }));

/** Without what a person has configured, and with no width at which lists are cut. */
const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TERM: 'xterm', HOME };

/**
 * A shell on a terminal is made to insert all it would offer into the line, and runs it: the arguments are what the program gets.
 * @param preparation lines that read the script and bind ESC * to inserting all matches
 */
function onTerminal(shell: string, preparation: readonly string[]): Complete {
  return (lines, folder) => {
    const results = mkdtempSync(join(tmpdir(), 'wasprey-shell-'));
    try {
      const typed = [
        ...preparation,
        `cd ${folder}`,
        ...lines.flatMap((line, index) => [
          `wasprey() { printf '%s\\0' "$@" >${results}/${index}; }`,
          `${line}${INSERT_ALL}`,
        ]),
        'exit',
      ];
      const { error } = spawnSync('script', ['-qec', shell, '/dev/null'], {
        input: typed.map((line) => `${line}\n`).join(''),
        env: ENVIRONMENT,
        timeout: PATIENCE_MS,
        killSignal: 'SIGKILL',
      });
      assert.equal(error, undefined);
      return new Map(
        lines.map((line, index) => {
          const given = line.split(/ +/).slice(1, -1);
          const words = readFileSync(join(results, String(index)), 'utf8')
            .split('\0')
            .slice(0, -1);
          assert.deepEqual(words.slice(0, given.length), given);
          return [line, words.slice(given.length)];
        }),
      );
    } finally {
      rmSync(results, { recursive: true });
    }
  };
}

export function bash(script: string): Complete {
  return onTerminal('bash --norc --noprofile -i', [`source ${script}`]);
}

/** @param folder that the script, `_wasprey`, is in: compinit finds it */
export function zsh(folder: string): Complete {
  return onTerminal('zsh -f -i', [
    `fpath=(${folder} $fpath)`,
    'autoload -Uz compinit && compinit -D -u',
    "zstyle ':completion:*' completer _all_matches _complete",
    "zstyle ':completion:*' insert true",
    'zle -C all-matches complete-word _generic',
    "bindkey '\\e*' all-matches",
  ]);
}

export function fish(script: string): Complete {
  return (lines, folder) =>
    new Map(
      lines.map((line) => {
        const answer = execFileSync('fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`], {
          encoding: 'utf8',
          cwd: folder,
          env: ENVIRONMENT,
        });
        return [line, answer.split('\n').flatMap((row) => row.split('\t')[0] || [])];
      }),
    );
}
