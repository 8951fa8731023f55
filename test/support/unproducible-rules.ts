// Stock rules that no action can make fire, with the reason. Every other stock rule has an action (test/unit/generate/coverage.test.ts).

export const UNPRODUCIBLE: Readonly<Record<string, string>> = {
  'Contact K8S API Server From Container':
    'it compares fd.sip.name with a name that only the name server of a cluster knows',
  'Detect outbound connections to common miner pool ports':
    'it compares fd.sip.name with names of others, whose addresses are theirs; test/live/address-names.test.ts has a hosts file for it',
};
