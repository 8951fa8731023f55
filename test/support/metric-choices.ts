import type { MetricChoice } from '../../host/daemon/metrics/facts.ts';

export const ALL_METRICS: MetricChoice = {
  rules: true,
  resources: true,
  state: true,
  events: true,
  perCpu: true,
  programs: true,
};

export const NO_METRICS: MetricChoice = {
  rules: false,
  resources: false,
  state: false,
  events: false,
  perCpu: false,
  programs: false,
};
