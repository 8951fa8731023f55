// What the doctor found, for people.

import { escapeText } from '../../diagnostics/escape.ts';
import { columns, wrap } from '../../diagnostics/layout.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { version } from '../../diagnostics/version.ts';
import { CHECK_STATES, type Check, type CheckState } from '../../doctor/check.ts';
import type { Examination } from '../../doctor/examine.ts';

const VERDICTS: Readonly<Record<CheckState, string>> = {
  works: 'Everything works.',
  limited: 'Wasprey works here, with the limits above.',
  fails: 'Something does not work here: see above.',
};

const STATE_WIDTH = Math.max(...CHECK_STATES.map(({ length }) => length));

export function renderExamination(found: Examination, terminal: Terminal): string {
  const { kernelRelease, architecture, groups, trial, state } = found;
  // All groups have the same columns.
  const titles = groups.flatMap(({ checks }) => checks.map(({ title }) => title.length));
  const width = Math.max(...titles);
  const sections = groups.map(({ title, checks }) => {
    const rows = checks.map((check) => [check.state.padEnd(STATE_WIDTH), check.title.padEnd(width), textOf(check)]);
    return `${terminal.bold(title)}\n${columns(rows, terminal.width)}\n`;
  });
  const { code, detail = '' } = trial.failure ?? {};
  // The missing capabilities are listed above.
  const kernelSays =
    detail === '' || code === 'CAPTURE_PERMISSION'
      ? []
      : [`${terminal.bold('What the kernel says')}\n${indented(detail)}\n`];
  return [
    `Wasprey ${version()} on Linux ${escapeText(kernelRelease)}, ${architecture}\n`,
    ...sections,
    ...kernelSays,
    `${wrap(VERDICTS[state], terminal.width)}\n`,
  ].join('\n');
}

function textOf({ finding, advice }: Check): string {
  const what = escapeText(finding);
  return advice === undefined ? what : `${what}. What to do: ${advice}`;
}

function indented(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => `  ${escapeText(line)}`).join('\n');
}
