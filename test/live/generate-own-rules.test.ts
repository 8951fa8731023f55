// The rules that ship: each that an action reports fires on it, and not on what comes close.

import { testActions } from '../support/live/live-actions.ts';
import { shippedRules } from '../support/live/live-rules.ts';

testActions({ rules: shippedRules() });
