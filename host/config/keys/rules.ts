// Which rules are loaded and how they are evaluated.

import { applies, choice, flag, item, list, text, unused } from '../../config-values/value-types.ts';

/** As Falco writes priorities in its configuration, most severe first. */
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
  rule: text('', 'The name of a rule; * stands for any text.'),
  tag: text('', 'A tag, exactly.'),
};

const INCLUDED = {
  path: text('', 'A file, or a folder of which all files are read, in the order of their names.'),
  strategy: choice(
    ['append', 'override', 'add-only'],
    'append',
    'What happens to a key that is set already: append to lists and replace all else, replace in any case, or keep it.',
  ),
};

export const RULE_KEYS = {
  // Which files are read has changed with it.
  config_files: applies('now', {
    ...list(
      { ...item('A file or folder of further configuration.', INCLUDED), textFor: 'path' },
      'Further configuration files, read after this one in this order; those that are not there are skipped.',
    ),
    orOne: true,
  }),
  watch_config_files: flag(true, 'Apply changes of rule and configuration files without a restart.'),
  rules_files: applies('rules', {
    ...list(
      text('', 'A file, or a folder of which the .yaml and .yml files are read.'),
      'Rule files and folders, in the order in which they are loaded; those that are not there are skipped. Default: the rules that come with Wasprey.',
    ),
    orOne: true,
  }),
  rules_file: applies('rules', {
    ...list(text('', 'A file or folder.'), 'The older name of rules_files; only one of both may be given.'),
    orOne: true,
  }),
  rules: applies(
    'rules',
    list(
      item('Turns rules on or off.', {
        enable: item('Rules to turn on, by name or tag.', SELECTED),
        disable: item('Rules to turn off, by name or tag.', SELECTED),
      }),
      'Turns rules on and off, in this order, whatever the rule files say.',
    ),
  ),
  priority: applies('rules', choice(PRIORITY_WORDS, 'debug', 'Leave out rules that are less severe than this.')),
  rule_matching: choice(
    ['first', 'all'],
    'first',
    'Whether an event raises the alert of the first rule that matches, or of all.',
  ),
  load_plugins: unused(
    'There are no plugins: what the container plugin supplies is built in, other event sources are not captured.',
  ),
  plugins_hostinfo: unused('There are no plugins.'),
} as const;
