// The base in which a number among an event's parameters is written, in conditions and outputs.

/** Parameters by name, or `event.name` if one event differs. */
const HEXADECIMAL = new Set([
  'dev',
  'cap_inheritable',
  'cap_permitted',
  'cap_effective',
  'ptrace.addr',
  'ptrace.data',
  'accept4.flags',
  'mkdir.mode',
  'mkdirat.mode',
]);
const OCTAL = new Set(['mode']);

/** Falco writes most numbers in decimal, some in another base. */
export function parameterBase(event: string, parameter: string): 8 | 10 | 16 {
  if (HEXADECIMAL.has(parameter) || HEXADECIMAL.has(`${event}.${parameter}`)) return 16;
  return OCTAL.has(parameter) ? 8 : 10;
}
