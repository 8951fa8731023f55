// What is read from /proc when an alert is written.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDescriptors } from '../../../host/fields/procfs.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-procfs-'));
after(() => rmSync(folder, { recursive: true }));

test('open descriptors, where the kernel says how many', () => {
  const count = readdirSync('/proc/self/fd').length;
  assert.equal(openDescriptors('/proc/self'), count - 1); // without the one that read the folder
});

// The folders of /proc/PID/fdinfo have no size on any kernel, as those of /proc/PID/fd before Linux 6.2.
test('open descriptors are counted where the folder has no size', () => {
  symlinkSync('/proc/self/fdinfo', join(folder, 'fd'));
  assert.equal(openDescriptors(folder), readdirSync('/proc/self/fdinfo').length);
});

test('a process that has ended has no number of descriptors', () => {
  assert.equal(openDescriptors('/nonexistent'), undefined);
});
