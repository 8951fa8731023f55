// Which rules are loaded and how they are evaluated.

import { applies, choice, flag, item, list, text, unused } from '../../config-values/value-types.ts';

/** Priorities, as Falco writes them in its configuration, most severe first. */
export const PRIORITY_WORDS = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'informational',
  'info',
  'debug',
] as const;

const SELECTED = {
  rule: text('', 'The name of a rule; * matches any text.'),
  tag: text('', 'A tag, exactly.'),
};

const INCLUDED = {
  path: text('', 'A file, or a folder; all files of a folder are read, in the order of their names.'),
  strategy: choice(
    ['append', 'override', 'add-only'],
    'append',
    'How to treat a key that is already set: append to lists and replace all else, always replace it, or keep it.',
  ),
};

export const RULE_KEYS = {
  // Which files are read has changed with it.
  config_files: applies('now', {
    ...list(
      { ...item('A file or folder of further configuration.', INCLUDED), textFor: 'path' },
      'Further configuration files, read after this one in this order; missing ones are skipped.',
    ),
    orOne: true,
  }),
  watch_config_files: flag(true, 'Apply changes of rule and configuration files without a restart.'),
  rules_files: applies('rules', {
    ...list(
      text('', 'A file, or a folder with .yaml and .yml files.'),
      'Rule files and folders, in the order of loading; missing ones are skipped. Default: the rules that come with Wasprey.',
    ),
    orOne: true,
  }),
  rules_file: applies('rules', {
    ...list(text('', 'A file or folder.'), 'The older name of rules_files; only one of the two may be given.'),
    orOne: true,
  }),
  rules: applies(
    'rules',
    list(
      item('Turns rules on or off.', {
        enable: item('Rules to turn on, by name or tag.', SELECTED),
        disable: item('Rules to turn off, by name or tag.', SELECTED),
      }),
      'Turns rules on and off, in this order; overrides the rule files.',
    ),
  ),
  priority: applies('rules', choice(PRIORITY_WORDS, 'debug', 'Ignore rules less severe than this.')),
  rule_matching: choice(
    ['first', 'all'],
    'first',
    'Alert of the first matching rule only, over all modules in their order, or of all matching rules.',
  ),
  load_plugins: unused(
    'Plugins are not supported: the fields of the container plugin are built in, other event sources are not captured.',
  ),
  plugins_hostinfo: unused('Plugins are not supported.'),
} as const;
