// wasprey inspect: what is in a module, and what the sandbox has proven of it.

import { MANIFEST_SECTION } from '../../compiler/manifest.ts';
import { schemaVersion } from '../../compiler/schema-version.ts';
import { sourceOf } from '../../compiler/source-section.ts';
import { readModuleFile } from '../../daemon/rules/module-file.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { escapeLines, escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { columns, wrap } from '../../diagnostics/layout.ts';
import { count } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { defineCommand } from '../definition/command.ts';
import { onlyOperand } from '../definition/only-operand.ts';
import { type ModuleReport, reportOn } from '../reports/module-report.ts';

export const INSPECT = defineCommand({
  name: 'inspect',
  usage: 'MODULE',
  operands: [{ values: 'path' }],
  description: `
    Shows the contents of a module: its compiler and sources, its rules, the events and fields they read, and the sandbox's
    proof of its code. The module is not run. Its own claims (rules, sources, signers) are shown unchecked;
    \`wasprey verify\` checks who signed it.`,
  status: { ok: 'The sandbox accepts the module.', failure: "The sandbox refuses it, or it can't be read." },
  options: {
    json: { kind: 'flag', short: 'j', description: 'All of it as one JSON object, the whole manifest included.' },
    wat: { kind: 'flag', description: 'The code in the text format of WebAssembly.' },
    assemblyscript: { kind: 'flag', description: 'The AssemblyScript source, if the module contains it.' },
  },
  examples: [
    { command: 'wasprey inspect rules.wasm', effect: 'Its contents.' },
    { command: 'wasprey inspect --json rules.wasm | jq .manifest', effect: 'Its manifest.' },
    { command: 'wasprey inspect --wat rules.wasm | less', effect: 'Its code.' },
  ],
  async run({ options, operands }, terminal) {
    const path = onlyOperand(operands, 'module', 'wasprey inspect MODULE');
    if ([options.json, options.wat, options.assemblyscript].filter(Boolean).length > 1) {
      throw new UsageError('--json, --wat and --assemblyscript exclude each other');
    }
    const bytes = readModuleFile(path);
    const report = reportOn(path, bytes);
    if (options.wat) {
      terminal.print(await textFormat(bytes));
      return EXIT.ok;
    }
    if (options.assemblyscript) {
      terminal.print(assemblyScript(path, bytes));
      return EXIT.ok;
    }
    if (report === undefined) {
      throw new CommandFailure(
        `${path} has no ${MANIFEST_SECTION} section that can be read: it is not a Wasprey module`,
        'modules are compiled by: wasprey compile RULES... -o OUT.wasm',
      );
    }
    terminal.print(options.json ? `${JSON.stringify(report)}\n` : render(report, terminal));
    return EXIT.ok;
  },
});

/** binaryen comes with AssemblyScript; it is large, so that only this loads it. */
async function textFormat(bytes: Uint8Array): Promise<string> {
  const { default: binaryen } = await import('binaryen');
  const module = binaryen.readBinary(bytes);
  try {
    return module.emitText();
  } finally {
    module.dispose();
  }
}

function assemblyScript(path: string, bytes: Uint8Array): string {
  const source = sourceOf(bytes);
  if (source === undefined) {
    throw new CommandFailure(`${path} does not carry its AssemblyScript`, '--wat shows the code that it has');
  }
  return escapeLines(source);
}

function render(report: ModuleReport, terminal: Terminal): string {
  const { proof } = report;
  const section = (title: string, body: string): string => `${terminal.bold(title)}\n${body}\n`;
  const paragraph = (words: string): string =>
    wrap(words, terminal.width - 2)
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n');
  const shown = (names: readonly string[]): string => (names.length > 0 ? names.map(escapeText).join(', ') : 'none');
  const sources = Object.entries(report.sources).map(([name, hash]) => [escapeText(name), escapeText(hash)]);
  const rules = report.rules.map(({ name, priority, place, eventTypes }) =>
    [name, priority, place, eventTypes.join(', ') || 'no events: it can never match'].map(escapeText),
  );
  const facts = [
    ['size', `${report.size} bytes`],
    ['sha256', report.sha256],
    ['compiler', escapeText(report.compiler)],
    [
      'schema',
      `${escapeText(report.schema)}${report.runsHere ? '' : `, another layout of events than ${schemaVersion()} of this version: it can't be run here`}`,
    ],
    ['source', escapeText(report.source)],
    ['signed with', report.signers.join(', ') || 'no key'],
  ];
  return [
    section(escapeText(report.file), columns(facts, Number.POSITIVE_INFINITY)),
    section(
      'Proven of its code',
      columns(
        [
          [
            'it only reads',
            `no write, no growth, no indirect call and no recursion in ${count(proof.instructions, 'instruction')} of ${count(proof.functions, 'function')}`,
          ],
          [
            'it ends',
            `each loop (${proof.loops}) and each function pays fuel; ${proof.largestCharge} units at most between two checks`,
          ],
          ['its stack', `${count(proof.stack.depth, 'call')} deep at most, with ${count(proof.stack.locals, 'value')}`],
          [
            'its speed',
            proof.optimizable ? "V8's optimizer gets it" : "too dear for V8's optimizer: it runs as baseline code",
          ],
          ['beside the code', shown(proof.customSections)],
        ],
        terminal.width,
      ),
    ),
    section('Made from', sources.length > 0 ? columns(sources, Number.POSITIVE_INFINITY) : '  sources are not named'),
    section('Events that are captured for it', paragraph(shown(report.eventTypes))),
    section('Fields that its conditions read', paragraph(shown(report.fields))),
    section(
      'Kernel filter: what an event needs for a rule to match',
      report.filter === undefined
        ? '  none: all events of these types are evaluated'
        : columns(
            report.filter.map(({ rule, types, need }) => [escapeText(rule), types.join(', '), escapeText(need)]),
            terminal.interactive ? terminal.width : Number.POSITIVE_INFINITY,
          ),
    ),
    section(
      count(report.rules.length, 'rule'),
      columns(rules, terminal.interactive ? terminal.width : Number.POSITIVE_INFINITY),
    ),
  ].join('\n');
}
