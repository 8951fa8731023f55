// What the metrics of an agent are made from.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, hostname, release, uptime } from 'node:os';
import type { Summary } from '../agent/agent.ts';
import { exposition, gauge, type Metric } from './exposition.ts';
import { falcoMetrics } from './falco-metrics.ts';
import { ownMetrics } from './own-metrics.ts';
import { readResources } from './resources.ts';

/** Which groups of Falco's metrics are served, by its configuration. */
export interface MetricChoice {
  readonly rules: boolean;
  readonly resources: boolean;
  readonly state: boolean;
  readonly events: boolean;
  readonly perCpu: boolean;
}

/** What does not change. */
export interface AgentFacts {
  readonly version: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly startedMs: number;
  readonly bootMs: number;
  readonly cpus: number;
  readonly configFiles: readonly { readonly name: string; readonly sha256: string }[];
}

export function agentFacts(version: string, configFiles: readonly string[]): AgentFacts {
  return {
    version,
    hostname: process.env.FALCO_HOSTNAME || hostname(),
    kernel: release(),
    startedMs: Math.round(Date.now() - performance.now()),
    bootMs: Math.round(Date.now() - uptime() * 1000),
    cpus: availableParallelism(),
    configFiles: configFiles.map((name) => ({ name, sha256: hashOf(name) })),
  };
}

/** @param summary undefined while nothing is captured yet */
export function metricsText(facts: AgentFacts, choice: MetricChoice, summary: Summary | undefined): string {
  const capturing = gauge('wasprey_capturing', 'Whether events are captured.', summary ? 1 : 0);
  return exposition([capturing, ...(summary ? metricsOf(facts, choice, summary) : [])]);
}

function metricsOf(facts: AgentFacts, choice: MetricChoice, summary: Summary): Metric[] {
  const resources = choice.resources ? readResources() : undefined;
  return [...falcoMetrics(facts, summary, choice, resources), ...ownMetrics(summary)];
}

function hashOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return '';
  }
}
