// How large the table of process images is, by the machine.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageBudget, machineSizes } from '../../../host/capture/sizes.ts';

const MB = 2 ** 20;
const GB = 2 ** 30;
const PIDS = 32_768;

test('it grows with the processes that the machine may have', () => {
  const memory = 64 * GB;
  assert.equal(imageBudget({ mostProcesses: PIDS, memory, limit: undefined }), 128 * MB);
  assert.equal(imageBudget({ mostProcesses: 2 * PIDS, memory, limit: undefined }), 256 * MB);
  assert.equal(imageBudget({ mostProcesses: 4_194_304, memory, limit: undefined }), 256 * MB);
});

test('it takes a small part of the memory, but for the least that is needed', () => {
  assert.equal(imageBudget({ mostProcesses: PIDS, memory: 3 * GB, limit: undefined }), 96 * MB);
  assert.equal(imageBudget({ mostProcesses: PIDS, memory: 1 * GB, limit: undefined }), 64 * MB);
  assert.equal(imageBudget({ mostProcesses: 4_194_304, memory: 64 * GB, limit: 768 * MB }), 192 * MB);
});

test('rings that are not configured are left to the capture', () => {
  assert.equal(machineSizes().ringBudget, 0);
  assert.equal(machineSizes(32).ringBudget, 32 * MB);
  assert.ok(machineSizes().imageBudget >= 64 * MB);
});
