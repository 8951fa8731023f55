// What is reported of a capture that was tampered with: what is new, once, and a time in which the agent did not run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlertDesk } from '../../../host/agent/alerts/alert-desk.ts';
import { TamperWatch } from '../../../host/agent/watches/tamper-watch.ts';
import { INTEGRITY_FINDINGS, type IntegrityFinding, type RunGap } from '../../../host/capture/integrity.ts';
import type { Alert } from '../../../host/outputs/alert.ts';

const RULE = 'Wasprey internal: capture tampered with';
const RESTART = 'Restart the agent to restore its capture.';
const NOBODY = { entry: () => undefined, failure: () => undefined, podFailure: () => undefined };

/** A watch with a clock of its own: each report comes a second after the one before. */
class Watched {
  readonly alerts: Alert[] = [];
  now = 100_000;
  readonly watch: TamperWatch;
  #told = 0;

  constructor() {
    const output = { write: (alert: Alert) => void this.alerts.push(alert) };
    const desk = new AlertDesk(output, NOBODY, { hostname: 'node', patience: 100, namesModules: false });
    this.watch = new TamperWatch(desk, () => this.now);
  }

  /** The alerts of that report. */
  report(findings: readonly IntegrityFinding[], gaps: readonly RunGap[] = [], dropped = 0): string[] {
    this.now += 1000;
    this.watch.take({ findings, gaps, dropped, thread: '' });
    return this.news();
  }

  news(): string[] {
    const news = this.alerts.slice(this.#told).map(({ message }) => message);
    this.#told = this.alerts.length;
    return news;
  }

  /** One that ended just now. */
  gap(part: Partial<RunGap>): RunGap {
    const gap = {
      endMs: this.now + 900,
      lengthMs: 3000,
      ranMs: 5,
      waitedMs: 10,
      stolenMs: 0,
      faults: 0,
      accounted: true,
    };
    return { ...gap, ...part };
  }
}

const link = (name: string): IntegrityFinding => ({ what: 'link', name, number: 0, repaired: false });
const filter: IntegrityFinding = { what: 'filter', name: '', number: 0, repaired: true };

test('what lasts is reported once, and again when it was over; status and metrics have it meanwhile', () => {
  const watched = new Watched();
  const message = `${RULE}: the hook sys_exit_openat (on_open) was detached. ${RESTART}`;
  assert.deepEqual(watched.report([link('sys_exit_openat (on_open)')]), [message]);
  const { rule, priority, source, fields } = watched.alerts[0] ?? assert.fail();
  assert.deepEqual([rule, priority, source], [RULE, 'Critical', 'internal']);
  assert.deepEqual(
    fields.map(({ key }) => key),
    ['what', 'names'],
  );
  for (let i = 0; i < 20; i++) assert.deepEqual(watched.report([link('sys_exit_openat (on_open)')]), []);
  assert.deepEqual(watched.watch.summary.present, ['the hook sys_exit_openat (on_open) was detached']);
  assert.equal(watched.watch.summary.counts.get('link'), 1);

  assert.deepEqual(watched.report([]), []);
  assert.deepEqual(watched.watch.summary.present, []);
  assert.deepEqual(watched.report([link('sys_exit_openat (on_open)')]), [message]);
  assert.equal(watched.watch.summary.counts.get('link'), 2);
  assert.match(watched.watch.summary.last?.text ?? '', /^the hook sys_exit_openat/);
});

test('another finding beside one that was reported is reported by itself; of very many, some', () => {
  const watched = new Watched();
  watched.report([link('a')]);
  assert.deepEqual(watched.report([link('a'), link('b')]), [`${RULE}: the hook b was detached. ${RESTART}`]);
  const many = [...'cdefghi'].map(link);
  assert.deepEqual(watched.report(many), [
    `${RULE}: the hook c was detached; the hook d was detached; the hook e was detached; the hook f was detached; the hook g was detached; and 2 more. ${RESTART}`,
  ]);
});

test('what is put wrong in a loop is counted each time and reported every 5 s; another of its kind is reported at once', () => {
  const watched = new Watched();
  const message = `${RULE}: the kernel filter was removed, and was restored.`;
  const told = Array.from({ length: 8 }, () => watched.report([filter]));
  assert.deepEqual(told.flat(), [message, message]);
  assert.equal(watched.watch.summary.counts.get('filter'), 8);
  assert.deepEqual(watched.watch.summary.present, []);
  assert.deepEqual(watched.report([{ ...filter, number: 7 }]), [
    `${RULE}: the kernel filter was replaced by the map 7, and was restored.`,
  ]);
  assert.deepEqual(watched.report([{ ...filter, number: 8 }]), [], 'the same again, by another map');
});

test('a stop that lost events is reported soon after one that lost none', () => {
  const watched = new Watched();
  const told = [0, 0, 7].map((dropped) => {
    const gap = watched.gap({ lengthMs: 300 });
    watched.now += 950;
    watched.watch.continued();
    return watched.report([], [gap], dropped);
  });
  assert.deepEqual(
    told.map((messages) => messages.length),
    [1, 0, 1],
  );
  assert.match(told[2]?.[0] ?? '', /7 were dropped/);
});

test('each kind of finding is a sentence of its own', () => {
  const messages = INTEGRITY_FINDINGS.flatMap((what) =>
    new Watched().report([{ what, name: 'NAME', number: 9, repaired: false }]),
  );
  assert.equal(new Set(messages).size, INTEGRITY_FINDINGS.length);
  for (const message of messages)
    assert.match(message, /^Wasprey internal: capture tampered with: [a-zN].*[^.]\. Restart/);
});

test('a stop that a signal ended is reported at once, with what was lost meanwhile', () => {
  const watched = new Watched();
  watched.report([], [], 5);
  const gap = watched.gap({ lengthMs: 3140 });
  watched.now += 950;
  watched.watch.continued();
  assert.deepEqual(watched.report([], [gap], 12), [
    `${RULE}: the agent was stopped by a signal for 3.1 s; events of that time were evaluated late, 7 were dropped.`,
  ]);
});

test('without a signal it is reported one report later, with what is known', () => {
  const watched = new Watched();
  assert.deepEqual(watched.report([], [watched.gap({})]), []);
  assert.deepEqual(watched.report([]), [
    `${RULE}: the agent did not run for 3.0 s although it was runnable and not waiting for a CPU: it was frozen, stopped by a debugger, or the machine was paused; events of that time were evaluated late, none was dropped.`,
  ]);
  assert.deepEqual(watched.report([]), []);
});

test('a busy machine is not tampering: waiting for a CPU, running, memory from a disk, and what the kernel does not tell', () => {
  for (const part of [
    { waitedMs: 2500 },
    { stolenMs: 2500 },
    { ranMs: 2900 },
    { faults: 30 },
    { accounted: false },
    { lengthMs: 900 },
  ]) {
    const watched = new Watched();
    assert.deepEqual(watched.report([], [watched.gap(part)]), [], JSON.stringify(part));
    assert.deepEqual(watched.report([]), [], JSON.stringify(part));
  }
});

test('a signal to continue that nothing was stopped before tells nothing', () => {
  const watched = new Watched();
  watched.watch.continued();
  assert.deepEqual(watched.report([]), []);
  const gap = watched.gap({ lengthMs: 600, waitedMs: 590 });
  watched.watch.continued();
  assert.deepEqual(watched.report([], [gap]), []);
  assert.deepEqual(watched.report([]), []);
});
