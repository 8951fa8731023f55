// A module's share of the time: more than the allowance of its work and than twice what the host takes, while modules take a quarter of the time or more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeAccount } from '../../../host/sandbox/time-account.ts';

test('slow over many calls', () => {
  const account = new TimeAccount();
  const calls = Array.from({ length: 50 }, () => account.exceeds(10_000, 500));
  assert.deepEqual(
    calls.flatMap((exceeds, index) => (exceeds ? [index] : [])),
    [24, 49],
  );
});

test('much work takes much time', () => {
  const account = new TimeAccount();
  for (let call = 0; call < 1000; call++) assert.equal(account.exceeds(10_000, 10_000), false);
});

/** A thread that is in the hands of the test. All are microseconds. */
class Thread {
  cpu = 0;
  own = 0;

  runs(micros: number): void {
    this.cpu += micros;
    this.own += micros;
  }

  sleeps(micros: number): void {
    this.own += micros;
  }

  account(): TimeAccount {
    return new TimeAccount(() => ({ cpu: this.cpu, own: this.own }));
  }

  /** A call of a module that takes twenty times its allowance. */
  call(account: TimeAccount): boolean {
    this.runs(10_000);
    return account.exceeds(10_000, 500);
  }
}

test('slow, and seldom', () => {
  const thread = new Thread();
  const account = thread.account();
  for (let call = 0; call < 24; call++) thread.call(account);
  thread.sleeps(1_100_000);
  assert.equal(thread.call(account), false);
  // The next window is a new one.
  for (let call = 0; call < 24; call++) assert.equal(thread.call(account), false);
  assert.equal(thread.call(account), true);
});

test('slow on a machine on which all is slow: so is the host', () => {
  const thread = new Thread();
  const account = thread.account();
  for (let call = 0; call < 1000; call++) {
    thread.runs(6_000);
    assert.equal(thread.call(account), false);
  }
});

test('slow, and the host is not', () => {
  const thread = new Thread();
  const account = thread.account();
  const calls = Array.from({ length: 50 }, () => {
    thread.runs(2_000);
    return thread.call(account);
  });
  assert.deepEqual(
    calls.flatMap((exceeds, index) => (exceeds ? [index] : [])),
    [24, 49],
  );
});

test('a call in which a virtual machine stands still counts as the longest one', () => {
  const thread = new Thread();
  const account = thread.account();
  for (let call = 0; call < 100; call++) {
    thread.runs(10_000);
    const frozen = call % 50 === 0 ? 1_700_000 : 0;
    thread.runs(1_000 + frozen);
    assert.equal(account.exceeds(1_000 + frozen, 500), false);
  }
});

test('many slow modules: each takes a small part of the time, and together they take it all', () => {
  const thread = new Thread();
  const accounts = Array.from({ length: 8 }, () => thread.account());
  const exceeding = new Set<TimeAccount>();
  for (let round = 0; round < 25; round++) {
    for (const account of accounts) if (thread.call(account)) exceeding.add(account);
  }
  assert.equal(exceeding.size, accounts.length);
});
