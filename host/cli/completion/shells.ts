// The shells whose completion is written, and where each looks for it.

import { bashCompletion } from './bash.ts';
import type { CompletedCommand } from './command-line.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

interface ShellCompletion {
  script(commands: readonly CompletedCommand[]): string;
  /** Where a distribution's package puts it, below /usr/share. */
  readonly file: string;
}

export const COMPLETIONS: Readonly<Record<Shell, ShellCompletion>> = {
  bash: { script: bashCompletion, file: 'bash-completion/completions/wasprey' },
  zsh: { script: zshCompletion, file: 'zsh/vendor-completions/_wasprey' },
  fish: { script: fishCompletion, file: 'fish/vendor_completions.d/wasprey.fish' },
};
