// Which rules `wasprey responses check` says need BPF LSM, if their calls are to be refused; and what an alert says of a refused call.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enforcedOutcome } from '../../../host/responses/enforced-outcome.ts';
import { needsLsm } from '../../../host/responses/lsm-need.ts';
import { outcomeText } from '../../../host/responses/outcome-text.ts';
import { ENFORCED } from '../../../host/schema/enforced.ts';
import { rulesOf } from '../../support/records/rule-module.ts';

test('opens and execs need it; connects, and what can not be refused at all, do not', () => {
  const needs = rulesOf([
    'evt.type in (open, openat) and evt.is_open_read = true and fd.name = /etc/shadow',
    'evt.type = execve and evt.failed = false and proc.exepath = /usr/bin/nc',
    'evt.type = connect and fd.sport = 4444',
    'evt.type = unlink',
    'evt.type = openat and fd.name contains x',
  ]).map(needsLsm);
  assert.deepEqual(needs, [true, true, false, false, false]);
});

test('the alert says by which means a call was refused, and whether it had an effect', () => {
  const says = (enforced: number): string =>
    outcomeText('stop', enforcedOutcome(enforced, { pid: 7, executable: '/bin/x' }));
  assert.match(says(ENFORCED.LSM_REFUSED), /^stop: refused \(LSM\): stopped before its effect/);
  assert.match(
    says(ENFORCED.LSM_REFUSED_AND_KILLED),
    /refused \(LSM\), and killed process 7 \(\/bin\/x\): stopped before its effect/,
  );
  assert.match(says(ENFORCED.LSM_REFUSED_LATE), /refused \(LSM\): after it had made the file/);
  assert.match(says(ENFORCED.LSM_KILLED), /killed process 7 \(\/bin\/x\): after it had made the file/);
});
