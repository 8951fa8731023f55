// The sandbox stock rules: each fires on the behaviour that it is about, and not on what comes close.

import { describeWithFalco } from '../support/falco-data.ts';
import { testActions } from '../support/live/live-actions.ts';
import { stockRules } from '../support/stock-rules.ts';

/** One rule reports containers that this macro leaves out alone: as it comes, it leaves out none. */
const ALLOWED = `
- macro: allowed_containers
  condition: (container.image.repository = registry.example/allowed)
`;

describeWithFalco(['falco-sandbox_rules.yaml'], () =>
  testActions({ rules: [stockRules('falco-sandbox_rules.yaml'), ALLOWED] }),
);
