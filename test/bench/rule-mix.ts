// A rule file of any number of rules, of the mix that Falco's curve was measured with: path prefixes, process names, directories and
// command-line substrings. None of them is about anything that a workload does by chance.

const OPENS = 'evt.type in (open, openat, openat2)';

/** The condition of the n-th rule. */
export function mixedCondition(n: number): string {
  switch (n % 4) {
    case 0:
      return `${OPENS} and evt.is_open_read = true and fd.name startswith /usr/share/application-${n}/data/`;
    case 1:
      return `${OPENS} and evt.is_open_write = true and proc.name = daemon-${n}`;
    case 2:
      return `${OPENS} and fd.directory = /etc/service-${n}`;
    default:
      return `evt.type in (execve, execveat) and proc.cmdline contains "--option-${n}="`;
  }
}

/** A rule file: JSON is YAML. */
export function mixedRules(count: number): string {
  const rules = Array.from({ length: count }, (_, n) => ({
    rule: `Mixed rule ${n}`,
    desc: 'Made up',
    condition: mixedCondition(n),
    output: 'file=%fd.name command=%proc.cmdline',
    priority: 'WARNING',
  }));
  return `${JSON.stringify(rules, undefined, 1)}\n`;
}
