// The stable stock rules: each fires on the behaviour that it is about, and not on what comes close.

import { describeWithFalco } from '../support/falco-data.ts';
import { testActions } from '../support/live/live-actions.ts';
import { stockRules } from '../support/stock-rules.ts';

describeWithFalco(['falco_rules.yaml'], () => testActions({ rules: [stockRules('falco_rules.yaml')] }));
