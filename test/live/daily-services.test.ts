// What systemd does on a machine all day, under all of Falco's stock rules: services, timers, sockets and temporary files raise no alert that a
// reader would call wrong. The machine is one within this machine.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeWithFalco } from '../support/falco-data.ts';
import type { AlertLine } from '../support/live/alert-line.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { BootedSystem } from '../support/machines/booted-system.ts';
import { enabledStockRules, STOCK_FILES } from '../support/stock-rules.ts';

const UNIT = '/etc/systemd/system';

/** As Debian's own services are confined. */
const SANDBOX = [
  ...['DynamicUser=yes', 'PrivateTmp=yes', 'ProtectSystem=strict', 'ProtectHome=yes', 'PrivateDevices=yes'],
  ...['StateDirectory=daily', 'RuntimeDirectory=daily', 'NoNewPrivileges=yes', 'RestrictSUIDSGID=yes'],
].map((property) => `--property=${property}`);

/**
 * Alerts that follow from the text of the rules, so that Falco raises them as well: a dynamic user is locked in /etc/.pwd.lock by the
 * executor of systemd, whose name is a number and in no list of the rules; systemd-tmpfiles goes through the directories of users.
 */
const OF_THE_RULES: ReadonlySet<string> = new Set([
  'Write below etc: /etc/.pwd.lock',
  'Read ssh information: /root/.ssh',
]);

const WORK: Readonly<Record<string, (system: BootedSystem) => void | Promise<void>>> = {
  'a service with a sandbox': (system) => {
    const work = 'echo text >$STATE_DIRECTORY/text; date; id; touch $STATE_DIRECTORY/done';
    return serve(system, '/var/lib/private/daily/done', ...SANDBOX, 'sh', '-c', work);
  },
  'a service of a user': (system) => {
    const user = ['--uid=nobody', '--working-directory=/'];
    return serve(system, '/tmp/daily-done', ...user, 'sh', '-c', 'cat /etc/hostname; ls /; touch /tmp/daily-done');
  },
  'a timer': (system) => {
    const timer = ['--unit=daily-timer', '--on-active=0.1', '--timer-property=AccuracySec=10ms'];
    const work = 'find /usr/share/doc -maxdepth 1 | wc -l; touch /run/daily-timer';
    return serve(system, '/run/daily-timer', ...timer, 'sh', '-c', work);
  },
  'a unit that is written, enabled, reloaded and disabled': (system) => {
    run(system, 'systemctl', 'daemon-reload');
    run(system, 'systemctl', 'enable', '--now', 'daily.service');
    run(system, 'systemctl', 'reload-or-restart', 'daily.service');
    run(system, 'systemctl', 'disable', '--now', 'daily.service');
  },
  'temporary files and system users': (system) => {
    run(system, 'systemd-tmpfiles', '--clean');
    run(system, 'systemd-tmpfiles', '--create', '--prefix=/run');
  },
  'what is asked of it': (system) => {
    run(system, 'systemctl', 'list-units', '--no-pager');
    run(system, 'journalctl', '--no-pager', '-n', '5');
    run(system, 'systemctl', 'status', '--no-pager', 'systemd-journald');
  },
};

/** Runs a service until it has made that file: `--wait` would need a message bus. */
function serve(system: BootedSystem, file: string, ...words: readonly string[]): Promise<void> {
  run(system, 'systemd-run', ...words);
  return system.until('the service', () => system.run('test', '-e', file).status === 0);
}

function run(system: BootedSystem, program: string, ...words: readonly string[]): void {
  const { status, stdout, stderr } = system.run(program, ...words);
  assert.equal(status, 0, `${program} ${words.join(' ')}: ${stdout}${stderr}`);
}

describeWithFalco(STOCK_FILES, () => {
  let system: BootedSystem;
  const agent = LiveAgent.forTests(() => enabledStockRules('vpid=%proc.vpid pid=%proc.pid below=%proc.aname'), {
    warnings: 'accepted',
    ruleMatching: 'all',
  });
  before(async () => {
    system = await BootedSystem.bootBare();
    const service =
      '[Service]\\nExecStart=/bin/sleep 1000\\nExecReload=/bin/true\\n[Install]\\nWantedBy=basic.target\\n';
    run(system, 'sh', '-c', `printf '${service}' >${UNIT}/daily.service`);
  });
  after(() => system[Symbol.asyncDispose]());

  for (const [name, work] of Object.entries(WORK)) {
    test(name, async () => {
      await agent.settled();
      const earlier = agent.marked('below=').length;
      await work(system);
      await agent.settled();
      const alerts = agent
        .marked('below=')
        .slice(earlier)
        .filter(isWithin)
        .filter((alert) => !isOfTheRules(alert));
      assert.deepEqual(alerts.map(shown), []);
    });
  }
});

/** Its processes have other numbers in there, and are below its systemd. */
function isWithin({ output_fields: fields }: AlertLine): boolean {
  const names = [fields['proc.aname'], fields['proc.name']].join(' ');
  return fields['proc.vpid'] !== fields['proc.pid'] && names.includes('systemd');
}

function isOfTheRules({ rule, output_fields: fields }: AlertLine): boolean {
  return OF_THE_RULES.has(`${rule}: ${fields['fd.name']}`);
}

function shown({ rule, output_fields: fields }: AlertLine): string {
  return `${rule}: ${fields['proc.cmdline'] ?? ''} (${fields['fd.name'] ?? fields['fs.path.name'] ?? ''})`;
}
