// Falco beside the agent, in the same run and by turns: FALCO is its command, FALCO_CONFIG its configuration. Without FALCO the table has what it
// was measured at before (falco-figures.ts).

import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from './agent-process.ts';
import { BenchError, type Falco, type Session } from './figure.ts';
import { MeasuredProcess } from './measured-process.ts';

/** When no alert has come for so long, none is on its way. */
const QUIET_MS = 500;

/** Of the environment. Undefined without FALCO. Throws BenchError if it can't be run. */
export function falcoHere(): Falco | undefined {
  const command = process.env.FALCO?.split(' ').filter((word) => word !== '') ?? [];
  const [program, ...words] = command;
  if (program === undefined) return undefined;
  const { stdout, stderr, status, error } = spawnSync(program, [...words, '--version'], { encoding: 'utf8' });
  if (status !== 0) throw new BenchError(`FALCO: \`${program} --version\` fails: ${error?.message ?? stderr}`);
  const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
  if (version === undefined) throw new BenchError(`FALCO: \`${program} --version\` names no version: ${stdout}`);
  return { name: `Falco ${version}`, command };
}

class FalcoProcess extends MeasuredProcess {
  constructor({ name, command }: Falco, rules: readonly string[], cpu: number | undefined) {
    const config = process.env.FALCO_CONFIG;
    super(
      name,
      [
        ...command,
        ...(config === undefined ? [] : ['-c', config]),
        ...rules.flatMap((path) => ['-r', path]),
        ...['-U', '-o', 'json_output=true', '-o', 'stdout_output.enabled=true'],
      ],
      cpu,
    );
  }

  override async settled(): Promise<void> {
    for (let before = -1; before !== this.alertsWaiting; await sleep(QUIET_MS)) before = this.alertsWaiting;
  }
}

/** What is measured: the agent, or Falco in its place, or what a benchmark has besides. */
export interface Side<Is extends string = 'agent' | 'falco'> {
  readonly is: Is;
  /** Starts it; it does not capture yet. @param cpu the only CPU that it may run on */
  readonly spawn: (rules: readonly string[], cpu?: number) => MeasuredProcess;
}

/** @param run options of `wasprey run` */
export function agentSide<Is extends string>(is: Is, run: readonly string[]): Side<Is> {
  return { is, spawn: (rules, cpu) => new AgentProcess({ rules, run, ...(cpu !== undefined && { cpu }) }) };
}

/** The agent, and Falco where the environment has it: by turns, so that a machine that changes meets both alike. */
export function sides({ run, falco }: Session): readonly Side[] {
  const agent = agentSide('agent', run);
  return falco ? [agent, { is: 'falco', spawn: (rules, cpu) => new FalcoProcess(falco, rules, cpu) }] : [agent];
}
