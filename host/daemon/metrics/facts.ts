// The data behind all forms of metrics: the selected groups, the constant facts, and derived numbers.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, hostname, release, uptime } from 'node:os';
import type { Summary } from '../../agent/summary.ts';

/** Which groups of Falco's metrics are reported, by the configuration. */
export interface MetricChoice {
  readonly rules: boolean;
  readonly resources: boolean;
  readonly state: boolean;
  readonly events: boolean;
  readonly perCpu: boolean;
  /** BPF programs, where the kernel measures them. */
  readonly programs: boolean;
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

export interface RunNumbers {
  readonly seconds: number;
  /** When the rules in use were loaded, ms since the epoch. */
  readonly reloadMs: number;
  /** Alerts that the outputs lost. */
  readonly queueDrops: number;
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

/** @param nowMs ms since the epoch */
export function runNumbers({ startedMs }: AgentFacts, { rules, outputs }: Summary, nowMs: number): RunNumbers {
  return {
    seconds: (nowMs - startedMs) / 1000,
    reloadMs: rules.reloads.lastSuccess ?? startedMs,
    queueDrops: outputs.reduce((sum, { counters }) => sum + counters.dropped, 0),
  };
}

function hashOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return '';
  }
}
