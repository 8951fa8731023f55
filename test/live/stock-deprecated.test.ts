// The deprecated stock rules: each fires on the behaviour that it is about, and not on what comes close.

import { describeWithFalco } from '../support/falco-data.ts';
import { testActions } from '../support/live/live-actions.ts';
import { stockRules } from '../support/stock-rules.ts';

/** Two rules report what is in these lists alone: as they come, they are empty. */
const WATCHED = `
- list: allowed_image
  items: [registry.example/wasprey-live-test]
  override: {items: replace}
- list: c2_server_ip_list
  items: ['"192.0.2.1"']
  override: {items: replace}
`;

describeWithFalco(['falco-deprecated_rules.yaml'], () =>
  testActions({ rules: [stockRules('falco-deprecated_rules.yaml'), WATCHED] }),
);
