// Words that stand where a file may stand too: bash completes both.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMMANDS } from '../../../host/cli/commands.ts';
import { bashCompletion } from '../../../host/cli/completion/bash.ts';
import { completedCommands } from '../../../host/cli/completion/command-line.ts';
import { bash } from '../../support/machines/shells.ts';

test('captures takes show, and files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-completion-'));
  try {
    const script = join(folder, 'wasprey.bash');
    writeFileSync(script, bashCompletion(await completedCommands(COMMANDS)));
    writeFileSync(join(folder, 'capture.wsp'), '');
    const lines = ['wasprey captures ', 'wasprey captures cap', 'wasprey captures show cap'];
    const offered = bash(script)(lines, folder);
    assert.deepEqual(
      lines.map((line) => offered.get(line)),
      [['show'], ['capture.wsp'], ['capture.wsp']],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
