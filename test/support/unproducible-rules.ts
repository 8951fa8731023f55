// Stock rules that no action can make fire, with the reason. Every other stock rule has an action (test/unit/generate-coverage.test.ts).

export const UNPRODUCIBLE: Readonly<Record<string, string>> = {
  'Contact K8S API Server From Container':
    'it compares fd.sip.name: names are not resolved to addresses, and compiling the rule says that it never matches',
  'Detect outbound connections to common miner pool ports':
    'it compares fd.sip.name: names are not resolved to addresses, and compiling the rule says that it never matches',
  'Java Process Class File Download':
    'it compares evt.buffer: data that is read or sent is not captured, and compiling the rule says that it never matches',
  'Unprivileged Delegation of Page Faults Handling to a Userspace Process':
    'userfaultfd is none of the calls that are captured, and compiling the rule says that it never matches',
};
