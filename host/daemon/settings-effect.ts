// What a changed key of the configuration takes while the agent runs.

import type { Configuration } from '../config/definition.ts';

/**
 * `rules`: it is part of what the rules come to, which are replaced. `now`: it is set. `start`: it takes a new start. Names are those of the
 * outputs that are made anew.
 */
export type Effect = 'rules' | 'now' | 'start' | readonly string[];

const SPOOLED = ['http', 'alertmanager', 'otlp'] as const;
const ALL = ['stdout', 'file', 'syslog', 'program', ...SPOOLED] as const;

/** By key, or section that holds it. What is not named takes a new start. */
const EFFECTS: Readonly<Record<string, Effect>> = {
  rules_files: 'rules',
  rules_file: 'rules',
  rules: 'rules',
  priority: 'rules',
  modules: 'rules',
  module_signatures: 'rules',
  append_output: 'rules',
  static_fields: 'rules',
  // Which files are read has changed with it.
  config_files: 'now',
  log_level: 'now',
  json_output: ALL,
  json_include_output_property: ALL,
  json_include_message_property: ALL,
  json_include_output_fields_property: ALL,
  json_include_tags_property: ALL,
  noise: ALL,
  outputs_queue: ALL,
  stdout_output: ['stdout'],
  file_output: ['file'],
  syslog_output: ['syslog'],
  program_output: ['program'],
  http_output: ['http'],
  alertmanager_output: ['alertmanager'],
  otlp_output: ['otlp'],
};

export function effectOf(path: string): Effect {
  const [section = ''] = path.split('.', 1);
  return EFFECTS[path] ?? EFFECTS[section] ?? 'start';
}

/** Outputs that keep alerts on disk: one that goes on from what another has there can be opened only when that is closed. */
export function spooledOutputs({ spool }: Configuration): ReadonlySet<string> {
  return new Set(spool.enabled ? SPOOLED : []);
}
