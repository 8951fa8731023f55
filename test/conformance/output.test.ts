import { test } from 'node:test';
import { assertSuitePasses } from './assert-suite.ts';
import { OUTPUT_SUITE } from './output-suite.ts';

test('output.json: templates, lines and output fields are as Falco makes them', () => assertSuitePasses(OUTPUT_SUITE));
