// Those of Falco's rules that the kernel can decide exactly match an event if, and only if, their clauses hold of it. Events are drawn.

import { test } from 'node:test';
import { translateRules } from '../../../host/compiler/compile.ts';
import { exactRules } from '../../../host/compiler/plan/exact/exact-rules.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../../host/compiler/rules/rule.ts';
import { missingFalco } from '../../support/falco-data.ts';
import { holdOpens, SEED } from '../../support/reference/exact-verdicts.ts';
import { STOCK_FILES, stockRules } from '../../support/stock-rules.ts';

test(`Falco's stock rules on files with the names that they give (seed ${SEED})`, {
  skip: missingFalco(...STOCK_FILES),
}, async () => {
  const { rules } = loadRules(STOCK_FILES.map((name) => ({ name, text: stockRules(name) })));
  const sources = rules.map(ruleSourceOf);
  const { plan } = translateRules(sources);
  const names = exactRules(plan).flatMap(({ clauses }) => clauses.flatMap((clause) => clause.names ?? []));
  const texts = names.flatMap(({ equal, beginnings, endings }) => [...equal, ...beginnings, ...endings]);
  const paths = texts.filter((text) => text.startsWith('/') && !text.endsWith('/'));
  const components = [...new Set(texts.flatMap((text) => text.split('/')))].filter((text) => !/^\.{0,2}$/.test(text));
  await holdOpens(sources, { paths, components }, 2);
});
