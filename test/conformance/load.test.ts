import { test } from 'node:test';
import { assertSuitePasses } from './assert-suite.ts';
import { LOAD_SUITE } from './load-suite.ts';

test('rule files load with the errors, warnings and rules of Falco', () => assertSuitePasses(LOAD_SUITE));
