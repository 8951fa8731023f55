// Stock rules that no action can make fire, with the reason. Every other stock rule has an action (test/unit/generate-coverage.test.ts).

export const UNPRODUCIBLE: Readonly<Record<string, string>> = {
  'Contact K8S API Server From Container':
    'it compares fd.sip.name: names are not resolved to addresses, and compiling the rule says that it never matches',
  'Detect outbound connections to common miner pool ports':
    'it compares fd.sip.name: names are not resolved to addresses, and compiling the rule says that it never matches',
};
