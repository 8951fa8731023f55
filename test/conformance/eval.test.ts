import { test } from 'node:test';
import { assertSuitePasses } from './assert-suite.ts';
import { EVAL_SUITE } from './eval-suite.ts';

test('eval.json: conditions are true of the events that Falco finds them true of', () => assertSuitePasses(EVAL_SUITE));
