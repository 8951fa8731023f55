// What a changed key of the configuration takes while the agent runs.

/**
 * `rules`: it is part of what the rules come to, which are replaced. `outputs`: outputs are made anew. `now`: it is set. `start`: it takes a
 * new start.
 */
export type Effect = 'rules' | 'outputs' | 'now' | 'start';

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
};

export function effectOf(path: string): Effect {
  const [section = ''] = path.split('.', 1);
  return EFFECTS[path] ?? EFFECTS[section] ?? 'start';
}
