// Chains of `&&` or `||`. asc compiles one by recursion, a level for each operator: 3,000 in a row overflow its stack. Long ones are put
// in groups, which are decided in the same order. `fd.num in (1000, ..., 1299)`, with 300 numbers, compiles to
//
//   (
//   (    i64(headerFd(event)) == 1000 ||
//       ...
//       i64(headerFd(event)) == 1255) ||
//   (    i64(headerFd(event)) == 1256 ||
//       ...
//       i64(headerFd(event)) == 1299)
//   )

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
