// Rule files of tests that start an agent as a process of its own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directoryForTests } from '../directory.ts';

export interface OpenRule {
  readonly name: string;
  /** How the paths of the files begin: they need not be there. */
  readonly path: string;
  /** Default: which program read what. */
  readonly output?: string;
  readonly priority?: string;
  readonly tags?: readonly string[];
}

/** The text of a rule on opening files. */
export function openRule({ name, path, output = '%proc.name read %fd.name', priority = 'WARNING', tags }: OpenRule) {
  const item = {
    rule: name,
    desc: 'for a test',
    condition: `evt.type in (open, openat) and fd.name startswith ${path}`,
    output,
    priority,
    ...(tags && { tags }),
  };
  return `- ${JSON.stringify(item)}\n`; // JSON is YAML
}

/** A directory for the tests of a file, and the path of a rule file in it with that text. */
export function rulesFileForTests(text: (directory: string) => string): { directory: string; rules: string } {
  const directory = directoryForTests();
  const rules = join(directory, 'rules.yaml');
  writeFileSync(rules, text(directory));
  return { directory, rules };
}
