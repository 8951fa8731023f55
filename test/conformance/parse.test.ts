import { test } from 'node:test';
import { assertSuitePasses } from './assert-suite.ts';
import { PARSE_SUITE } from './parse-suite.ts';

test('conditions parse, break and print as in Falco', () => assertSuitePasses(PARSE_SUITE));
