// The incubating stock rules: each fires on the behaviour that it is about, and not on what comes close.

import { describeWithFalco } from '../support/falco-data.ts';
import { testActions } from '../support/live/live-actions.ts';
import { stockRules } from '../support/stock-rules.ts';

/** One rule reports connections from the namespaces in this list alone. */
const NAMESPACES = `
- list: namespace_scope_network_only_subnet
  items: [shop]
  override: {items: replace}
`;

describeWithFalco(['falco-incubating_rules.yaml'], () =>
  testActions({
    rules: [stockRules('falco-incubating_rules.yaml'), NAMESPACES],
    containers: {
      'connect-outside-of-subnet': {
        image: 'registry.example/wasprey-live-test:1',
        privileged: true,
        labels: { 'io.kubernetes.pod.namespace': 'shop' },
      },
    },
  }),
);
