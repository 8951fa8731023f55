// Chains of `&&` or `||`. asc compiles one by recursion, a level for each operator: 3,000 in a row overflow its stack. Long ones are put
// in groups: `a || b || c || d` with groups of two comes to `(a || b) || (c || d)`, which is decided in the same order.

/** Members in a group. */
const GROUP = 256;

/** @param members each may stand beside the operator; @param separator the operator with the blanks around it */
export function chain(members: readonly string[], separator: string): string {
  let groups = members;
  while (groups.length > GROUP) {
    const larger: string[] = [];
    for (let at = 0; at < groups.length; at += GROUP) larger.push(`(${groups.slice(at, at + GROUP).join(separator)})`);
    groups = larger;
  }
  return groups.join(separator);
}
