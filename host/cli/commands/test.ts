// wasprey test: unit tests of rules, written in YAML.

import { writeFileSync } from 'node:fs';
import type { RuleFile } from '../../compiler/rules/load.ts';
import { configurationOf } from '../../daemon/configuration.ts';
import { loadRuleSet, renderCompileDiagnostic } from '../../daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { ALL_SOURCES } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { RuleLoadError } from '../../diagnostics/diagnostic.ts';
import { renderDiagnostic } from '../../diagnostics/diagnostic-text.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { SourceFile } from '../../diagnostics/source-file.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import type { Response } from '../../responses/settings.ts';
import { type NamedFile, readTestFile, requireKnownResponses, requireKnownRules } from '../../rule-tests/read-tests.ts';
import { checkRecording } from '../../rule-tests/recordings.ts';
import { type FileResults, junitXml, resultText } from '../../rule-tests/report.ts';
import { RuleTestError } from '../../rule-tests/rule-test.ts';
import { runTests } from '../../rule-tests/run-tests.ts';
import { MODULE_CACHE } from '../../setup/paths.mjs';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';

export const TEST = defineCommand({
  name: 'test',
  usage: 'FILE...',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Runs unit tests of rules. A test gives an event by its fields, or a recording of \`wasprey capture\`, and the rules that
    should match. The rules run in the same compiled form as on live events. Nothing is captured, and no privilege is
    needed. A test file names rule files and recordings, relative to itself:

        rules: [my-rules.yaml]
        tests:
          - name: reading the shadow file
            event: {evt.type: openat, evt.is_open_read: true, fd.name: /etc/shadow, proc.name: cat}
            expect: [Read sensitive file]
          - name: sshd may
            event: {evt.type: openat, evt.is_open_read: true, fd.name: /etc/shadow, proc.name: sshd}
            expect: none
          - name: the break-in of May
            recording: recordings/may.wsp
            expect: {Read sensitive file: 3, Shell in pod: }

    Fields that an event does not name are absent. \`expect: {RULE: TEXT}\` also compares the rule's output.

    On a recording every rule is evaluated, as with \`--rule-matching all\`. An expected rule must raise at least one
    alert; \`{RULE: NUMBER}\` expects exactly that many, and \`{RULE: TEXT}\` one alert with that output. Damaged
    recordings are refused.

    Rules of \`source: k8s_audit\` are tested on audit events, as on a recording: \`audit: FILE\` names a file of them, as
    \`wasprey replay\` reads it, and \`audit: '{"kind": "Event", ...}'\` is one.

    With \`responses: wasprey.yaml\` beside \`rules\`, a test on an event, or on audit events, may also name the responses of
    that configuration that would be performed: \`respond: [freeze reverse shells]\`, or \`respond: none\`. Rails and limits
    are not part of that.`,
  status: { ok: 'All tests pass.', failure: "Some tests fail or can't be run." },
  options: {
    junit: { kind: 'text', value: 'FILE', description: 'Also write the results as JUnit XML.' },
    quiet: { kind: 'flag', short: 'q', description: 'Print failed tests and the totals only.' },
  },
  examples: [
    { command: 'wasprey test my-tests.yaml', effect: 'Runs the tests of a file.' },
    {
      command: 'wasprey test --junit results.xml tests/*.yaml',
      effect: 'Runs several files, and writes a report for a build server.',
    },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length === 0) throw new UsageError('missing test files', 'name files of rule tests');
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
  const { rules, responses: configuration, tests } = orShow(terminal, () => readTestFile(file));
  const texts = orShow(terminal, () => rules.flatMap(readNamed));
  const { active } = loadRuleSet(texts, terminal, false, ALL_SOURCES);
  const names = active.map(({ name }) => name);
  const responses = configuration ? await responsesIn(configuration, terminal) : [];
  const recordings = orShow(terminal, () => {
    requireKnownRules(tests, names);
    requireKnownResponses(
      tests,
      responses.map(({ name }) => name),
    );
    return new Map(tests.flatMap((test) => (test.kind === 'recording' ? [[test, checkRecording(test)] as const] : [])));
  });
  if (recordings.size > 0) await prepare('native');
  const { results, diagnostics } = await runTests(active, tests, recordings, MODULE_CACHE, responses).catch(
    (error: unknown) => {
      if (error instanceof RuleLoadError) throw shownFailure(error, terminal);
      throw error instanceof RuleTestError ? new CommandFailure(error.message) : error;
    },
  );
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  for (const diagnostic of errors) terminal.say(`${renderCompileDiagnostic(diagnostic, active)}\n\n`);
  // A rule that is left out never matches: that must not pass for a rule that rightly did not.
  if (errors.length > 0) throw new CommandFailure('the rules were not compiled', 'correct the errors above');
  return results;
}

/** The rule files that a test file names, or those of a folder. */
function readNamed({ path, context }: NamedFile): RuleFile[] {
  try {
    return readRuleFiles([path]);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const help = 'paths are relative to the folder of the test file';
    throw new RuleLoadError('LOAD_ERR_FILE_READ', error.message, context, { help });
  }
}

/** The responses of a configuration. Rejects with CommandFailure when it has errors, which are shown then. */
async function responsesIn({ path }: NamedFile, terminal: Terminal): Promise<readonly Response[]> {
  const { configuration, loaded } = await configurationOf({ config: path, usual: false }, terminal);
  const { readResponses } = await import('../../config/responses.ts');
  return readResponses(configuration, loaded?.origins ?? new Map()).settings.responses;
}

/** Shows the errors of a test file with their places. */
function orShow<Result>(terminal: Terminal, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof RuleLoadError ? shownFailure(error, terminal) : error;
  }
}

function shownFailure({ diagnostic }: RuleLoadError, terminal: Terminal): CommandFailure {
  terminal.say(`${renderDiagnostic(diagnostic, { color: terminal.color })}\n\n`);
  return new CommandFailure('the tests were not run', 'correct the errors above');
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new CommandFailure(`can't write ${path}: ${reasonOf(error)}`);
  }
}
