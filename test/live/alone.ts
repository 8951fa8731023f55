// The live test files that run by themselves, each with its reason. All others run side by side.

const LOADS = 'its load takes all processors, and fills the rings of other agents';
const WATCHES_ALL = 'shipped rules watch the whole machine: what other files do would raise their alerts';
const ENFORCES =
  'the kernel enforces its rules on all processes of the machine, and those of another such file on its own';
const MEASURES = 'how long an agent stands still is measured';

/** By name, without `.test.ts`. */
export const ALONE: Readonly<Record<string, string>> = {
  backtest: 'what an agent and a recording see of the whole machine is compared, and counted',
  'busy-machine': LOADS,
  'captured-places': LOADS,
  'enforced-is-matched': ENFORCES,
  enforcement: ENFORCES,
  'enforcement-crowd': ENFORCES,
  'enforcement-lsm': ENFORCES,
  'enforcement-ways': ENFORCES,
  'filter-alerts': 'what two agents see of the whole machine is compared, and counted',
  'first-events': 'fifty containers start as fast as they can, and events wait for what is known of them',
  'hot-load': LOADS,
  'io-uring-pending': 'its pending requests take the room of those of other files',
  journal: LOADS,
  'kernel-responses': ENFORCES,
  'lost-images': LOADS,
  overflow: LOADS,
  pinned: ENFORCES,
  pressure: LOADS,
  recording: LOADS,
  'remembered-races': 'its threads have to run at the same time',
  'responses-containers': LOADS,
  'rules-containers': WATCHES_ALL,
  'rules-files': WATCHES_ALL,
  'rules-network': WATCHES_ALL,
  'rules-servers': WATCHES_ALL,
  crowd: LOADS,
  'daily-services': 'another systemd starts',
  'service-boot': 'another systemd starts, which no load may hold up for as long as its watchdog waits',
  'service-notify': MEASURES,
  'slow-module': LOADS,
  soak: LOADS,
  stop: LOADS,
  storm: LOADS,
  tampering: MEASURES,
};
