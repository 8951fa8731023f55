// Audit events: Falco's rules load unchanged, and say to each sample what Falco says; every field has Falco's value, but for defects of Falco.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { EVENT_SOURCES } from '../../host/schema/event-source.ts';
import { auditEvaluation, auditRule, stockAuditRules } from '../support/audit/audit-rules.ts';
import { ALL_SAMPLES, FIELDS_ASKED, OUR_SAMPLES } from '../support/audit/audit-samples.ts';
import { missingFalco } from '../support/falco-data.ts';

const skip = missingFalco('k8s_audit_rules.yaml');

/** Where Wasprey means to differ (DIFFERENCES.md, "Audit events"). */
function isDefectOfFalco(field: string, line: string): boolean {
  return (
    field.startsWith('ka.sourceips') ||
    /\.eff_run_as_(?:user|group)(?:\[|$)/.test(field) ||
    (/\.image\.repository(?:\[|$)/.test(field) && line.includes('"localhost:5000/')) ||
    // Falco writes a string anew once another field has read it.
    (field === 'jevt.value[/user]' && line.includes('\\u00e9')) ||
    // Falco crashes: it was not asked.
    (field.startsWith('ka.req.pod.volumes.volume_type') && line.includes('"requestObject":['))
  );
}

test("Falco's rules load unchanged and without warnings", { skip }, () => {
  const file = { name: 'k8s_audit_rules.yaml', text: stockAuditRules() };
  const { rules, errors, warnings } = loadRules([file], { sources: EVENT_SOURCES });
  assert.deepEqual([errors, warnings, rules.length], [[], [], 48]);
});

test('the alerts of all samples are those of Falco', { skip }, async () => {
  const all = await auditEvaluation(stockAuditRules());
  const first = await auditEvaluation(stockAuditRules(), [], 'first');
  for (const { place, line, event } of ALL_SAMPLES) {
    const [ofAll, ofFirst] = [all(line), first(line)];
    if (event.event === false) {
      assert.deepEqual([ofAll.matches, ofAll.refused.length], [[], 1], place);
      continue;
    }
    assert.deepEqual(ofAll.refused, [], place);
    assert.deepEqual(
      ofAll.matches.map(({ rule }) => rule),
      event.all,
      place,
    );
    assert.deepEqual(
      ofFirst.matches.map(({ rule }) => rule),
      event.first,
      place,
    );
  }
});

test('the fields of all samples have the values of Falco', async () => {
  const evaluate = await auditEvaluation(auditRule('jevt.rawtime exists'), FIELDS_ASKED);
  for (const { place, line, event } of ALL_SAMPLES) {
    if (event.event === false) continue;
    const [match] = evaluate(line).matches;
    assert.ok(match, place);
    for (const [index, field] of FIELDS_ASKED.entries()) {
      if (isDefectOfFalco(field, line)) continue;
      assert.deepEqual(match.values[index], event.fields[field], `${place}: ${field}`);
    }
  }
});

test('conditions see the values that alerts show', async () => {
  // has_name and rawtime are there in any event; lists are compared element by element.
  const rules = FIELDS_ASKED.map((field) => auditRule(`${field} exists`, JSON.stringify(`exists ${field}`)));
  const evaluate = await auditEvaluation(
    `${rules.join('')}${auditRule('jevt.rawtime exists', 'always')}`,
    FIELDS_ASKED,
  );
  for (const { place, line, event } of ALL_SAMPLES) {
    if (event.event === false) continue;
    const { matches } = evaluate(line);
    const names = new Set(matches.map(({ rule }) => rule));
    const values = matches.at(-1)?.values ?? [];
    for (const [index, field] of FIELDS_ASKED.entries()) {
      assert.equal(names.has(`exists ${field}`), values[index] !== undefined, `${place}: ${field}`);
    }
  }
});

/** Values that need no quoting in a condition. */
const PLAIN = /^[\w./:@-]+$/;

test('conditions compare the values that alerts show', async () => {
  const read = await auditEvaluation(auditRule('jevt.rawtime exists'), FIELDS_ASKED);
  const conditions = new Map<string, string>();
  for (const { line } of OUR_SAMPLES) {
    const values = read(line).matches[0]?.values ?? [];
    for (const [index, field] of FIELDS_ASKED.entries()) {
      const value = values[index];
      if (typeof value === 'string' && PLAIN.test(value)) conditions.set(`${field} = ${value}`, `${index} ${value}`);
      if (typeof value === 'object' && value.every((item) => PLAIN.test(item)))
        conditions.set(`${field} in (${value.join(', ')})`, `${index} ${value.join()}`);
    }
  }
  assert.ok(conditions.size > 150, `${conditions.size} conditions`);
  const rules = [...conditions.keys()].map((condition) => auditRule(condition, JSON.stringify(condition)));
  const evaluate = await auditEvaluation(rules.join(''));
  for (const { place, line } of OUR_SAMPLES) {
    const values = read(line).matches[0]?.values ?? [];
    const holding = new Set(evaluate(line).matches.map(({ rule }) => rule));
    for (const [condition, shown] of conditions) {
      const index = Number(shown.split(' ', 1)[0]);
      const [value, wanted] = [values[index], shown.slice(shown.indexOf(' ') + 1)];
      const isSame =
        typeof value === 'object' ? value.every((item) => wanted.split(',').includes(item)) : value === wanted;
      assert.equal(holding.has(condition), isSame, `${place}: ${condition}`);
    }
  }
});
