// Rule files beyond the corpus, whose verdicts follow from Falco's documented behaviour: exceptions, overrides, skipped rules, outputs.

/** A rule file, and the code of its error, or the rules' compiled conditions and the codes of its warnings. */
export interface LoadCase {
  readonly id: string;
  readonly items: readonly object[];
  readonly expect:
    | { readonly error: string }
    | { readonly conditions: readonly string[]; readonly warnings?: readonly string[] };
}

type LoadVerdict = LoadCase['expect'];

const RULE = { rule: 'r', desc: 'd', condition: 'evt.type=open', output: 'o', priority: 'INFO' };
const BASE = 'evt.type = open';
const invalid: LoadVerdict = { error: 'LOAD_ERR_VALIDATE' };
const malformed: LoadVerdict = { error: 'LOAD_ERR_YAML_VALIDATE' };
const uncompilable: LoadVerdict = { error: 'LOAD_ERR_COMPILE_CONDITION' };

/** Transformers as fields of exceptions; comps and values of the right and the wrong shape. */
function* exceptions(): Generator<LoadCase> {
  const made = (id: string, exception: object, expect: LoadVerdict): LoadCase => {
    return { id: `exception-${id}`, items: [{ ...RULE, exceptions: [{ name: 'e', ...exception }] }], expect };
  };
  const unless = (check: string): LoadVerdict => ({ conditions: [`(${BASE} and not ${check})`] });
  const known = ['proc.name', 'tolower(proc.name)', 'toupper(proc.name)', 'basename(fd.name)', 'b64(proc.name)'];
  for (const field of [
    ...known,
    'tolower(toupper(proc.name))',
    'concat(proc.name,proc.exe)',
    'proc.env[A]',
    'proc.aname[2]',
    'evt.arg.flags',
  ]) {
    yield made(`scalar-${field}`, { fields: field, values: ['a', 'b c'] }, unless(`${field} in (a, "b c")`));
    yield made(
      `list-${field}`,
      { fields: [field], comps: ['startswith'], values: [['a b']] },
      unless(`${field} startswith "a b"`),
    );
    yield made(
      `no-comps-${field}`,
      { fields: [field, 'fd.name'], values: [['a', 'b']] },
      unless(`(${field} = a and fd.name = b)`),
    );
    yield made(`no-values-${field}`, { fields: field }, { conditions: [BASE] });
  }
  const unknown = [
    'tolower(proc.nope)',
    'val(proc.name)',
    'concat(proc.name)',
    'tolower(proc.aname)',
    'tolower(fd.ip)',
    'evt.arg',
    'TOLOWER(proc.name)',
    'proc.name[1]',
    'nope',
  ];
  for (const field of unknown) {
    yield made(`scalar-${field}`, { fields: field, values: ['a'] }, invalid);
    yield made(`list-${field}`, { fields: ['proc.name', field], values: [['a', 'b']] }, invalid);
  }
  for (const comps of ['in', 'pmatch', 'intersects'])
    yield made(`comps-${comps}`, { fields: 'proc.name', comps, values: ['a'] }, unless(`proc.name ${comps} (a)`));
  for (const operator of [
    '=',
    '==',
    '!=',
    'contains',
    'icontains',
    'startswith',
    'endswith',
    'glob',
    'iglob',
    'regex',
  ]) {
    yield made(`scalar-comps-${operator}`, { fields: 'proc.name', comps: operator, values: ['a'] }, invalid);
    yield made(
      `comps-${operator}`,
      { fields: ['proc.name'], comps: [` ${operator} `], values: [['a']] },
      unless(`proc.name ${operator} a`),
    );
    for (const modifier of ['oneof', 'anyof', 'allof']) {
      const comps = `${operator} ${modifier}`;
      yield made(
        `scalar-comps-${comps}`,
        { fields: 'proc.name', comps, values: ['a', 'b'] },
        unless(`proc.name ${comps} (a, b)`),
      );
      yield made(
        `comps-${comps}`,
        { fields: ['proc.name'], comps: [comps], values: [[['a', 'b']]] },
        unless(`proc.name ${comps} (a, b)`),
      );
    }
  }
  for (const comps of [['='], ['=', '=', '=']])
    yield made(`lengths-${comps.length}`, { fields: ['proc.name', 'fd.name'], comps, values: [['a', 'b']] }, invalid);
  for (const values of [[['a']], [['a', 'b', 'c']], ['a'], [[]]])
    yield made(`values-${JSON.stringify(values)}`, { fields: ['proc.name', 'fd.name'], values }, invalid);
  for (const values of [[['a']], ['a', ['b']]])
    yield made(`flat-${JSON.stringify(values)}`, { fields: 'proc.name', values }, invalid);
  for (const values of ['a', { a: 'b' }, null])
    yield made(`no-list-${JSON.stringify(values)}`, { fields: 'proc.name', values }, malformed);
  const tuples: readonly (readonly [string, unknown, string])[] = [
    ['in', 'b', 'in (b)'],
    ['in', '(b)', 'in (b)'],
    ['in', ['b', 'c d'], 'in (b, "c d")'],
    ['=', 'b c', '= "b c"'],
    ['=', "'b c'", '= "b c"'],
    ['=', 'val(proc.exe)', '= val(proc.exe)'],
    ['=', 'toupper(proc.exe)', '= toupper(proc.exe)'],
    ['=', 5, '= 5'],
  ];
  for (const [comp, value, check] of tuples) {
    const exception = { fields: ['proc.name', 'fd.name'], comps: ['=', comp], values: [['a', value]] };
    yield made(`tuple-${comp}-${JSON.stringify(value)}`, exception, unless(`(proc.name = a and fd.name ${check})`));
  }
  yield made('list-by-=', { fields: ['proc.name'], comps: ['='], values: [[['a', 'b']]] }, uncompilable);
}

/** What may be appended to and replaced, of rules that exist and of rules that don't. */
function* overrides(): Generator<LoadCase> {
  const appendable: Readonly<Record<string, unknown>> = {
    condition: 'and proc.name=a',
    output: 'more',
    desc: 'more',
    tags: ['x'],
    exceptions: [{ name: 'e', fields: 'proc.name', values: ['a'] }],
  };
  const replaceable: Readonly<Record<string, unknown>> = {
    priority: 'ERROR',
    capture: true,
    capture_duration: 5,
    enabled: true,
    warn_evttypes: false,
    'skip-if-unknown-filter': true,
  };
  const narrowed: Readonly<Record<string, string>> = {
    condition: `(${BASE} and proc.name = a)`,
    exceptions: `(${BASE} and not proc.name in (a))`,
  };
  const made = (id: string, rule: string, change: object, expect: LoadVerdict): LoadCase => {
    return { id: `override-${id}-${rule}`, items: [RULE, { rule, ...change }], expect };
  };
  for (const [key, value] of Object.entries({ ...appendable, ...replaceable })) {
    const mayAppend = key in appendable;
    for (const operation of ['append', 'replace']) {
      const written = operation === 'replace' && key === 'condition' ? 'evt.type=close' : value;
      const after = operation === 'replace' && key === 'condition' ? 'evt.type = close' : (narrowed[key] ?? BASE);
      const change = { [key]: written, override: { [key]: operation } };
      const refused = operation === 'append' && !mayAppend;
      yield made(`${key}-${operation}`, 'r', change, refused ? malformed : { conditions: [after] });
      yield made(`${key}-${operation}`, 'absent', change, refused ? malformed : invalid);
      yield made(`${key}-${operation}-without`, 'r', { override: { [key]: operation } }, malformed);
      yield made(`${key}-${operation}-and-append`, 'r', { ...change, append: true }, malformed);
    }
    yield made(`${key}-unknown-word`, 'r', { [key]: value, override: { [key]: 'add' } }, malformed);
    if (key !== 'desc')
      yield made(`desc-and-${key}`, 'r', { [key]: value, desc: 'x', override: { desc: 'append' } }, malformed);
  }
  for (const key of ['source', 'rule', 'items', 'nope']) {
    for (const operation of ['append', 'replace'])
      yield made(`${key}-${operation}`, 'r', { [key]: 'r', override: { [key]: operation } }, malformed);
  }
}

/** What skip-if-unknown-filter skips, and what stays an error. */
function* skipped(): Generator<LoadCase> {
  const unknown = [
    'evt.type=nope',
    'evt.type in (open, nope)',
    'not evt.type=nope',
    'evt.type startswith nope',
    'evt.type=open and nope.x=1',
    'proc.name=val(nope.x)',
    'tolower(nope.x)=a',
    'proc.name[1]=a',
    'proc.aname[x]=a',
  ];
  const wrong = [
    'evt.type=open and (',
    'evt.type=open and fd.ip=nope',
    'evt.type=open and fd.port=nope-x',
    'evt.type=open and evt.is_wait=1',
    'evt.type=val(proc.name)',
    'tolower(evt.type)=open',
    'evt.type=open and proc.pid=x',
  ];
  for (const skip of [true, false]) {
    for (const condition of unknown) {
      const expect = skip ? { conditions: [], warnings: ['LOAD_UNKNOWN_FILTER'] } : uncompilable;
      yield {
        id: `skip-${skip}-${condition}`,
        items: [{ ...RULE, condition, 'skip-if-unknown-filter': skip }],
        expect,
      };
    }
    for (const condition of wrong) {
      yield {
        id: `skip-${skip}-${condition}`,
        items: [{ ...RULE, condition, 'skip-if-unknown-filter': skip }],
        expect: uncompilable,
      };
    }
    for (const output of [
      '%nope.x',
      '%toupper(nope.x)',
      '%evt.arg',
      '%concat(proc.name)',
      '%val(proc.name)',
      '%toupper(proc.aname)',
    ]) {
      const expect = skip
        ? { conditions: [], warnings: ['LOAD_UNKNOWN_FILTER'] }
        : { error: 'LOAD_ERR_COMPILE_OUTPUT' };
      yield { id: `skip-${skip}-${output}`, items: [{ ...RULE, output, 'skip-if-unknown-filter': skip }], expect };
    }
  }
}

/** Outputs that load: transformers of several arguments, arguments, what begins like a field that is removed. */
function* outputs(): Generator<LoadCase> {
  const fine = [
    '%concat(proc.name,proc.exe)',
    '%concat(proc.name, " ", fd.name) x',
    "%join(',',(proc.name,proc.exe))",
    '%toupper(basename(fd.name))',
    '%len(proc.args)',
    '%10proc.name',
    '%proc.aname[2]',
    '%proc.name[2]',
    '%proc.env[A B]',
    '%fd.types',
    '%container.id',
    '%container.image.repository',
    '%proc.namex',
    '%proc.name.',
    '*%proc.name',
    '%evt.arg[0]',
    '%evt.arg.flags',
  ];
  for (const output of fine)
    yield { id: `output-${output}`, items: [{ ...RULE, output }], expect: { conditions: [BASE] } };
  for (const output of [
    '%container.info x',
    'x %container.info',
    'x%container.infox',
    '%container.informal',
    '%proc.name %container.info',
    '%evt.dir',
    '%evt.latency',
    '%evt.wait_latency',
  ]) {
    const expect = { conditions: [BASE], warnings: ['LOAD_DEPRECATED_ITEM'] };
    yield { id: `output-${output}`, items: [{ ...RULE, output }], expect };
  }
  for (const output of ['%', '100% x', '%(proc.name)', '%%', 'x %', '%container.nope', '%-5proc.name']) {
    yield { id: `output-${output}`, items: [{ ...RULE, output }], expect: { error: 'LOAD_ERR_COMPILE_OUTPUT' } };
  }
}

export function loadCases(): LoadCase[] {
  return [...exceptions(), ...overrides(), ...skipped(), ...outputs()];
}
