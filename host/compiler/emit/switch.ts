// A switch over any number of cases. asc nests the block of each case in that of the next one, and the sandbox takes 1,024 levels.

const MOST_CASES = 512;

export interface Case {
  readonly values: readonly number[];
  /** Ends with a return, or a break. */
  readonly lines: readonly string[];
}

/**
 * The statement. With too many cases it searches for the switch that has the value. `fd.name regex "a{600}"` has 601 states:
 *
 *   if (state < 300) {
 *     switch (state) {
 *       case 0: return byte == 97 ? 1 : 602;
 *       ...
 *     }
 *   } else {
 *     switch (state) {
 *       case 300: return byte == 97 ? 301 : 602;
 *       ...
 *     }
 *   }
 *
 * @param value an expression without side effects
 */
export function emitSwitch(value: string, cases: readonly Case[]): readonly string[] {
  if (cases.reduce((sum, { values }) => sum + values.length, 0) <= MOST_CASES) return oneSwitch(value, cases);
  const single = cases.flatMap(({ values, lines }) => values.map((each) => ({ each, lines })));
  return searched(
    value,
    single.sort((a, b) => a.each - b.each),
  );
}

function searched(value: string, single: readonly { each: number; lines: readonly string[] }[]): readonly string[] {
  if (single.length <= MOST_CASES) {
    return oneSwitch(
      value,
      single.map(({ each, lines }) => ({ values: [each], lines })),
    );
  }
  const middle = single.length >> 1;
  return [
    `if (${value} < ${single[middle]?.each ?? 0}) {`,
    ...searched(value, single.slice(0, middle)).map((line) => `  ${line}`),
    '} else {',
    ...searched(value, single.slice(middle)).map((line) => `  ${line}`),
    '}',
  ];
}

function oneSwitch(value: string, cases: readonly Case[]): readonly string[] {
  const written = cases.flatMap(({ values, lines }) => {
    const labels = values.map((each) => `  case ${each}:`);
    const last = labels.pop() ?? '';
    const [only, ...more] = lines;
    if (more.length === 0) return [...labels, `${last} ${only}`];
    return [...labels, last, ...lines.map((line) => `    ${line}`)];
  });
  return [`switch (${value}) {`, ...written, '}'];
}
