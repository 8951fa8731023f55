// wasprey test: unit tests of rules, written in YAML.

import { writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { RuleLoadError } from '../../compiler/diagnostic.ts';
import { renderDiagnostic } from '../../compiler/diagnostic-text.ts';
import { SourceFile } from '../../compiler/source-file.ts';
import { readTestFile, requireKnownRules } from '../../rule-tests/read-tests.ts';
import { type FileResults, junitXml, resultText } from '../../rule-tests/report.ts';
import { runTests } from '../../rule-tests/run-tests.ts';
import { BUILD } from '../../setup/paths.mjs';
import { UsageError } from '../arguments.ts';
import { defineCommand, EXIT } from '../command.ts';
import { CommandFailure } from '../report-error.ts';
import { readRuleFiles, reasonOf } from '../rule-files.ts';
import { loadRuleSet, renderCompileDiagnostic } from '../rule-set.ts';
import type { Terminal } from '../terminal.ts';

/** The same as that of `wasprey run`: modules are told apart by what they are made from. */
const CACHE = join(BUILD, 'modules');

export const TEST = defineCommand({
  name: 'test',
  usage: 'FILE...',
  description: `
    Tries rules on events that are described by their fields, and compares which rules are true of each with what the
    test expects. Nothing is captured and no privilege is needed; the rules run in the same compiled form as on live
    events. A test file names rule files, relative to itself, and tests:

        rules: [my-rules.yaml]
        tests:
          - name: reading the shadow file
            event: {evt.type: openat, evt.is_open_read: true, fd.name: /etc/shadow, proc.name: cat}
            expect: [Read sensitive file]
          - name: sshd may
            event: {evt.type: openat, evt.is_open_read: true, fd.name: /etc/shadow, proc.name: sshd}
            expect: none

    A field that an event does not name is absent. With \`expect: {RULE: TEXT}\` the rule's output has to read so, too.

    The exit status is 0 when all tests pass, and 1 when any fails or can't be run.`,
  options: {
    junit: { kind: 'text', value: 'FILE', description: "Also write the results as JUnit's XML." },
    quiet: { kind: 'flag', short: 'q', description: 'Only tests that fail, and the totals.' },
  },
  examples: [
    { command: 'wasprey test my-tests.yaml', effect: 'Runs the tests of a file.' },
    {
      command: 'wasprey test --junit results.xml tests/*.yaml',
      effect: 'Runs several, with a report for a build server.',
    },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length === 0) throw new UsageError('test what?', 'name files of rule tests');
    const files: FileResults[] = [];
    for (const { name, text } of readRuleFiles(operands)) {
      const results = await runFile(new SourceFile(name, text), terminal);
      for (const result of results) {
        if (!options.quiet || result.problems.length > 0) terminal.print(resultText(result));
      }
      files.push({ file: name, results });
    }
    if (options.junit !== undefined) write(options.junit, junitXml(files));
    const all = files.flatMap(({ results }) => results);
    const failed = all.filter(({ problems }) => problems.length > 0).length;
    terminal.print(`${all.length - failed} passed, ${failed} failed\n`);
    return failed > 0 ? EXIT.failure : EXIT.ok;
  },
});

async function runFile(file: SourceFile, terminal: Terminal): Promise<FileResults['results']> {
  const tests = orShow(terminal, () => readTestFile(file));
  const paths = tests.rules.map((path) => (isAbsolute(path) ? path : join(dirname(file.name), path)));
  const { active } = loadRuleSet(readRuleFiles(paths), terminal, false);
  const names = active.map(({ name }) => name);
  orShow(terminal, () => requireKnownRules(tests, names));
  const { results, diagnostics } = await runTests(active, tests.tests, CACHE);
  const told = diagnostics.filter(({ severity }) => severity === 'error');
  for (const diagnostic of told) terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
  return results;
}

/** Shows what is wrong in a test file, with its place. */
function orShow<Result>(terminal: Terminal, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RuleLoadError)) throw error;
    terminal.say(`${renderDiagnostic(error.diagnostic, { color: terminal.color })}\n\n`);
    throw new CommandFailure('the tests were not run', 'mend what is shown above');
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new CommandFailure(`can't write ${path}: ${reasonOf(error)}`);
  }
}
