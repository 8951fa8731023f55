// Rules that the kernel enforces for a benchmark, beside those that all benchmarks load.

import { writeFileSync } from 'node:fs';
import { measuredRules } from './rule-sets.ts';

const CONFIGURATION = `
responses:
  mode: act
  hosts: true
  limits: {per_container: 60000/1m, per_node: 60000/1m}
  actions:
  - {name: bench, match: {rules: ["bench enforced*"]}, do: kill_process, where: kernel}
`;

export interface EnforcedRules {
  /** Files and folders of all rules. */
  readonly rules: readonly string[];
  /** Options of `wasprey run` by which the kernel enforces those rules. */
  readonly options: readonly string[];
}

/** Writes a rule for each condition, and a configuration that has processes killed which match. */
export async function enforcedRules(directory: string, conditions: readonly string[]): Promise<EnforcedRules> {
  const [rules, configuration] = [`${directory}/rules.yaml`, `${directory}/wasprey.yaml`];
  const texts = conditions.map((condition, number) => {
    const rule = {
      rule: `bench enforced ${number}`,
      desc: 'for a benchmark',
      condition,
      output: 'enforced',
      priority: 'NOTICE',
    };
    return `- ${JSON.stringify(rule)}\n`;
  });
  writeFileSync(rules, texts.join(''));
  writeFileSync(configuration, CONFIGURATION);
  const { paths } = await measuredRules();
  return { rules: [...paths, rules], options: ['-c', configuration] };
}
