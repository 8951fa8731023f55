// Results of rule tests, as text for people and as JUnit XML for build servers.

import type { FalsePart, Matched, Problem, TestResult } from './rule-test.ts';

/** Longer texts are cut: conditions with lists of hundreds of names, command lines. */
const LONGEST = 160;

/** One line for a test that passed, more for one that failed. */
export function resultText({ test, problems, matched }: TestResult): string {
  if (problems.length === 0) return `ok    ${printable(test.name)}\n`;
  const rules = (items: readonly Matched[]): string => (items.length === 0 ? 'none' : items.map(ruleText).join(', '));
  return [
    `FAIL  ${printable(test.name)}`,
    `        expected  ${rules(test.expected)}`,
    `        got       ${rules(matched)}`,
    ...problems.flatMap(problemLines).map((line) => `      ${line}`),
    '',
  ].join('\n');
}

function ruleText({ rule, alerts }: Matched): string {
  return alerts === undefined ? printable(rule) : `${printable(rule)} (${count(alerts)})`;
}

function count(alerts: number): string {
  return alerts === 1 ? '1 alert' : `${alerts} alerts`;
}

function problemLines(problem: Problem): readonly string[] {
  if (problem.kind === 'response-missing') return [`- response ${printable(problem.response)}: ${problem.why}`];
  if (problem.kind === 'response-unexpected') {
    return [`+ response ${printable(problem.response)}, to ${printable(problem.rule)}`];
  }
  const rule = printable(problem.rule);
  switch (problem.kind) {
    case 'unexpected':
      return [`+ ${rule}`, ...problem.outputs.map((output) => `    ${shorten(output)}`)];
    case 'count':
      return [
        `~ ${rule}: ${count(problem.got)} instead of ${problem.expected}`,
        ...problem.outputs.map((output) => `    ${shorten(output)}`),
      ];
    case 'output':
      return [
        `~ ${rule}: another output`,
        `    - ${printable(problem.expected)}`,
        ...problem.outputs.map((output) => `    + ${printable(output)}`),
      ];
    case 'missing':
      return [`- ${rule}`, ...untriedLines(problem), ...problem.falseParts.flatMap(partLines)];
  }
}

function untriedLines({ untried }: Problem & { readonly kind: 'missing' }): readonly string[] {
  if (!untried) return [];
  const { ruleTypes, testTypes } = untried;
  return [`    is only evaluated on ${shorten(ruleTypes.join(', '))}, not on ${shorten(testTypes.join(', '))}`];
}

function partLines({ condition, values }: FalsePart): readonly string[] {
  return [
    `    false: ${shorten(condition)}`,
    ...values.map(
      ({ field, value }) => `           ${field} ${value === undefined ? 'is absent' : `= ${shown(value)}`}`,
    ),
  ];
}

function shown(value: string): string {
  return shorten(value === '' || /\s/.test(value) ? JSON.stringify(value) : value);
}

function shorten(text: string): string {
  const safe = printable(text);
  return safe.length > LONGEST ? `${safe.slice(0, LONGEST)}...` : safe;
}

/** Removes control sequences of rules and tests for the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '.');
}

export interface FileResults {
  readonly file: string;
  readonly results: readonly TestResult[];
}

/** JUnit's XML, as build servers read it. */
export function junitXml(files: readonly FileResults[]): string {
  const failures = (results: readonly TestResult[]): number =>
    results.filter(({ problems }) => problems.length > 0).length;
  const suites = files.map(({ file, results }) => {
    const cases = results.map((result) => {
      const head = `    <testcase classname="${xml(file)}" name="${xml(result.test.name)}"`;
      if (result.problems.length === 0) return `${head}/>`;
      const summary = result.problems.map(problemName).join('; ');
      return `${head}>\n      <failure message="${xml(summary)}">${xml(resultText(result))}</failure>\n    </testcase>`;
    });
    const counts = `tests="${results.length}" failures="${failures(results)}"`;
    return [`  <testsuite name="${xml(file)}" ${counts}>`, ...cases, '  </testsuite>'].join('\n');
  });
  const all = files.flatMap(({ results }) => results);
  const head = `<testsuites tests="${all.length}" failures="${failures(all)}">`;
  return `${['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites, '</testsuites>'].join('\n')}\n`;
}

function problemName(problem: Problem): string {
  const { kind } = problem;
  return `${kind} ${'response' in problem ? problem.response : problem.rule}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function xml(text: string): string {
  // Characters that XML does not allow are omitted.
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
