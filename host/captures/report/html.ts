// The report of a capture as one HTML file: no script, no network, nothing that a name of a hostile process could become markup in.

import { escapeText } from '../../diagnostics/escape.ts';
import type { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import type { Report } from './report.ts';
import { textParts } from './text.ts';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; border-bottom: 1px solid #8884; }
pre { font: 13px/1.45 ui-monospace, monospace; overflow-x: auto; margin: 0; white-space: pre; }
.fired { font-weight: 700; color: #c62828; } .branch { font-weight: 600; }
details > summary { cursor: pointer; }
@media (prefers-color-scheme: dark) { .fired { color: #ff8a80; } }
`;

/** Lines of a part that are shown at once; the others are opened by the reader. */
const SHOWN = 60;

export function reportHtml(report: Report, mask: SecretMask): string {
  const title = escapeHtml(escapeText(`${report.alerts[0]?.rule ?? 'Capture'} on ${report.hostname}`));
  const parts = textParts(report, { mask, safe: escapeText }).map(({ title: part, lines }) => section(part, lines));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
${parts.join('\n')}
</body>
</html>
`;
}

function section(title: string, lines: readonly string[]): string {
  const [first, rest] = [lines.slice(0, SHOWN), lines.slice(SHOWN)];
  const more =
    rest.length === 0
      ? ''
      : `\n<details><summary>${rest.length} more</summary><pre>${rest.map(htmlLine).join('\n')}</pre></details>`;
  return `<h2>${escapeHtml(title)}</h2>\n<pre>${first.map(htmlLine).join('\n')}</pre>${more}`;
}

/** Lines of the process tree begin with a mark. */
function htmlLine(line: string): string {
  const text = escapeHtml(line);
  if (line.startsWith('> ')) return `<span class="fired">${text}</span>`;
  return line.startsWith('| ') ? `<span class="branch">${text}</span>` : text;
}

/** Control characters and marks that reorder text are escaped before. */
function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
