// Conditions on the ends of sockets, and what the rule language's reference says they come to: an evaluation of its own, of numbers.

import { BlockList, isIPv4 } from 'node:net';

interface Ends {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
}

/** Events by name; undefined of what is not a socket. */
const EVENTS: Readonly<Record<string, Ends | 'unconnected' | undefined>> = {
  v4: { client: '10.1.2.3', clientPort: 40000, server: '192.168.7.9', serverPort: 443 },
  v6: { client: 'fe80::1', clientPort: 40000, server: '2001:db8::20', serverPort: 8443 },
  unconnected: 'unconnected',
  file: undefined,
};

/** What either end of a socket without ends counts as; its server and its client are absent. */
const UNCONNECTED: Ends = { client: '0.0.0.0', clientPort: 0, server: '0.0.0.0', serverPort: 0 };
const ADDRESSES = ['10.1.2.3', '192.168.7.9', '0.0.0.0', '127.0.0.1', 'fe80::1', '2001:db8::20', '::', '::1'];
const NETWORKS = [
  '10.0.0.0/8',
  '192.168.7.0/24',
  '0.0.0.0/0',
  '0.0.0.0/32',
  '127.0.0.0/8',
  'fe80::/10',
  '2001:db8::/32',
  '2000::/3',
  '::1/128',
];
const PORTS = ['443', '40000', '8443', '0', 'https', '1'];

type Test = (end: string, value: string) => boolean;

const isAddress: Test = (end, value) => end === value;
const isPort: Test = (end, value) => end === (value === 'https' ? '443' : value);
const isWithin: Test = (end, value) => {
  const [address = '', bits] = value.split('/');
  if (isIPv4(end) !== isIPv4(address)) return false;
  const family = isIPv4(end) ? 'ipv4' : 'ipv6';
  const network = new BlockList();
  network.addSubnet(address, Number(bits), family);
  return network.check(end, family);
};

interface Case {
  readonly condition: string;
  /** Whether the field is of one end by name. */
  readonly named: boolean;
  readonly expect: (ends: Ends) => boolean;
}

/** A field that looks at some ends: = and `in` if one of them is, != if none is. */
function* casesOf(
  field: string,
  values: readonly string[],
  pick: (ends: Ends) => readonly string[],
  is: Test,
): Generator<Case> {
  const named = field === 'fd.snet' || field === 'fd.cnet';
  const one = (value: string) => (ends: Ends) => pick(ends).some((end) => is(end, value));
  for (const [index, value] of values.entries()) {
    const other = values[(index + 3) % values.length] ?? value;
    // Of fd.net Falco looks at the first value of a list alone.
    const listed = field === 'fd.net' ? one(value) : (ends: Ends) => one(value)(ends) || one(other)(ends);
    yield { named, condition: `${field} = ${value}`, expect: one(value) };
    yield { named, condition: `${field} != ${value}`, expect: (ends) => !one(value)(ends) };
    yield { named, condition: `${field} in (${value}, ${other})`, expect: listed };
    yield { named, condition: `${field} in (${value})`, expect: one(value) };
  }
}

function* allCases(): Generator<Case> {
  yield* casesOf('fd.ip', ADDRESSES, ({ client, server }) => [client, server], isAddress);
  yield* casesOf('fd.net', NETWORKS, ({ client, server }) => [client, server], isWithin);
  yield* casesOf('fd.port', PORTS, ({ clientPort, serverPort }) => [String(clientPort), String(serverPort)], isPort);
  yield* casesOf('fd.snet', NETWORKS, ({ server }) => [server], isWithin);
  yield* casesOf('fd.cnet', NETWORKS, ({ client }) => [client], isWithin);
}

function fieldsOf(ends: Ends | 'unconnected' | undefined): Record<string, string | null> {
  if (ends === undefined) return { 'fd.type': 'file', 'fd.name': '/x' };
  if (ends === 'unconnected') return { 'fd.type': 'ipv4', 'fd.name': '' };
  const { client, clientPort, server, serverPort } = ends;
  return {
    'fd.type': isIPv4(client) ? 'ipv4' : 'ipv6',
    'fd.cip': client,
    'fd.sip': server,
    'fd.lip': client,
    'fd.rip': server,
    'fd.cport': String(clientPort),
    'fd.sport': String(serverPort),
    'fd.lport': String(clientPort),
    'fd.rport': String(serverPort),
  };
}

/** As eval.json (eval-suite.ts). */
export function evalCorpus(): { readonly events: readonly { readonly cases: readonly object[] }[] } {
  const cases = [...allCases()];
  const events = Object.entries(EVENTS).map(([id, ends]) => ({
    id,
    type: 'connect',
    params: [],
    fields: fieldsOf(ends),
    cases: cases.flatMap(({ condition, named, expect }) => {
      const found = ends === 'unconnected' ? (named ? undefined : UNCONNECTED) : ends;
      const holds = found !== undefined && expect(found);
      return [
        { condition, expect: holds },
        { condition: `not ${condition}`, expect: !holds },
      ];
    }),
  }));
  return { events };
}
