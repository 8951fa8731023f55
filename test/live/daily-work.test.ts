// A day's ordinary work on a machine, under all of Falco's stock rules: no alert that Falco would not raise, and none that a reader would
// call wrong.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { directoryForTests } from '../support/directory.ts';
import { describeWithFalco } from '../support/falco-data.ts';
import type { AlertLine } from '../support/live/alert-line.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { enabledStockRules, STOCK_FILES } from '../support/stock-rules.ts';

const execute = promisify(execFile);
/** All work of a kind is below a shell of its own name, which is in all its alerts. */
const SHELL = 'daily-work-';

const PACKAGE = `
mkdir -p package/DEBIAN package/usr/share/doc/daily root/var/lib/dpkg/info root/var/lib/dpkg/updates root/var/log
printf 'Package: daily\\nVersion: 1\\nArchitecture: all\\nMaintainer: nobody <nobody@example.com>\\nDescription: daily\\n' > package/DEBIAN/control
echo text > package/usr/share/doc/daily/text
touch root/var/lib/dpkg/status root/var/lib/dpkg/available
dpkg-deb --build --root-owner-group package daily.deb
dpkg --root=root --force-not-root --force-script-chrootless -i daily.deb
dpkg --root=root -l
dpkg --root=root --force-script-chrootless --purge daily
`;

/** What a machine lacks is left out. */
interface Work {
  readonly needs: readonly string[];
  readonly script: string;
  /** Rules that are about just that. */
  readonly reported?: readonly string[];
}

const WORK: Readonly<Record<string, Work>> = {
  packages: { needs: ['dpkg', 'dpkg-deb'], script: PACKAGE },
  'package lists': {
    needs: ['apt-get', 'apt-cache'],
    script: `
      mkdir -p state/lists/partial cache/archives/partial
      options="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null -o Dir::State=$PWD/state -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache=$PWD/cache"
      apt-get $options update; apt-cache $options policy bash; apt-get $options --simulate install bash; apt-get $options clean`,
  },
  compiler: {
    needs: ['gcc', 'make', 'ar', 'strip'],
    script: `
      printf 'int main(void) { return 0; }\\n' > main.c
      printf 'main: main.c\\n\\tcc -O2 -g -o main main.c\\n' > Makefile
      make; ./main; gcc -pipe -c main.c; ar rcs libmain.a main.o; strip main; make -B -j2`,
  },
  git: {
    needs: ['git'],
    script: `
      git init -q --bare store.git; git clone -q store.git work 2>&1; cd work
      git config user.email a@example.com; git config user.name a
      echo one > one; git add one; git commit -qm one; git checkout -qb two; echo two >> one; git commit -qam two
      git rebase -q two; git push -q origin two; git gc -q; git log --stat | cat; git stash list; git diff HEAD~1 | cat`,
  },
  editor: {
    needs: ['vim.tiny', 'perl'],
    script: `
      echo text > notes; vim.tiny -es -u NONE -c 's/$/more/' -c wq notes; sed -i s/text/word/ notes; perl -pi -e s/word/text/ notes`,
  },
  backup: {
    needs: ['tar', 'gzip'],
    script: `
      mkdir -p data; echo text > data/text; ln -s text data/link
      tar czf data.tar.gz data; tar tzf data.tar.gz; mkdir -p restored; tar xzf data.tar.gz -C restored
      tar cf /dev/null /etc/apt /usr/share/doc/bash; cp -a data copy; find data -newer notes -print0 | xargs -0 ls -l
      if command -v rsync > /dev/null; then rsync -a --delete data/ mirror/; fi`,
  },
  keys: {
    needs: ['ssh-keygen', 'openssl'],
    script: `
      mkdir -p keys; ssh-keygen -q -t ed25519 -N '' -f keys/id; ssh-keygen -lf keys/id.pub; openssl genpkey -algorithm ed25519 -out keys/key`,
  },
  users: {
    reported: ['User mgmt binaries'],
    needs: ['useradd', 'userdel', 'chroot'],
    script: `
      mkdir -p jail/etc jail/home; for file in passwd group shadow gshadow; do touch jail/etc/$file; done
      useradd --prefix "$PWD/jail" --no-create-home worker; id root; getent passwd root; userdel --prefix "$PWD/jail" worker`,
  },
  node: {
    needs: ['npm', 'node'],
    script: `
      mkdir -p module; cd module; printf '{"name":"daily","version":"1.0.0","scripts":{"test":"node -e 0"}}' > package.json
      npm --offline --no-update-notifier --no-fund test; npm --offline pack; npm --offline install --no-audit`,
  },
  python: {
    needs: ['python3'],
    script: `
      printf 'import json, tempfile, subprocess\\nwith tempfile.TemporaryFile() as f: f.write(b"x")\\nsubprocess.run(["true"])\\n' > work.py
      python3 work.py; python3 -m compileall -q work.py; python3 -m venv --without-pip environment; environment/bin/python -c 'print(1)'`,
  },
  services: {
    needs: ['logger'],
    script: `
      ls /etc/systemd /lib/systemd/system | wc -l; cat /etc/hostname /etc/resolv.conf /etc/passwd; date; uptime; ps aux | wc -l; df; free
      logger --no-act text || :; run-parts --test /etc/cron.daily; sh -c 'nice true'; (sleep 0.1 &); wait; mktemp -d; env -i true; dmesg | tail -1 || :`,
  },
  'cron jobs': {
    needs: ['busybox', 'run-parts', 'gzip'],
    script: `
      mkdir -p crontabs daily log backups
      printf '#!/bin/sh\\nfor file in log/*.log; do mv $file $file.1; gzip -f $file.1; : > $file; done\\n' > daily/rotate
      printf '#!/bin/sh\\ncd /var/lib/dpkg && tar czf '"$PWD"'/backups/dpkg.tar.gz status\\n' > daily/dpkg
      chmod 755 daily/*; echo text > log/daily.log
      echo "* * * * * cd $PWD && run-parts daily && find /var/cache -maxdepth 1 -mtime +30 | wc -l && touch $PWD/done" > crontabs/root
      busybox crond -f -L /dev/null -c "$PWD/crontabs" & cron=$!
      for second in $(seq 80); do if test -e done; then break; fi; sleep 1; done
      kill $cron; test -e done -a -e log/daily.log.1.gz`,
  },
  'temporary files without a name': {
    needs: ['python3'],
    script: `
      python3 -c 'import os; [os.close(os.open(d, os.O_TMPFILE | os.O_RDWR, 0o600)) for d in ("/tmp", "/var/tmp", "/dev/shm")]'`,
  },
};

const directory = directoryForTests();

describeWithFalco(STOCK_FILES, () => {
  // Each alert shows what it is below.
  const rules = enabledStockRules('below=%proc.aname');
  const agent = LiveAgent.forTests(rules, {
    warnings: 'accepted',
    ruleMatching: 'all',
    keep: (line) => line.includes(SHELL),
  });

  for (const [index, [name, { needs, script, reported = [] }]] of Object.entries(WORK).entries()) {
    test(name, async (context) => {
      const place = `${directory}/${name.replaceAll(' ', '-')}`;
      mkdirSync(`${place}/home`, { recursive: true });
      const mark = `${SHELL}${index}-`;
      copyFileSync('/bin/bash', `${place}/${mark}`);
      const shell = (text: string) =>
        execute(`${place}/${mark}`, ['-c', `${text}\n:`], {
          cwd: place,
          env: { ...process.env, HOME: `${place}/home` },
        });
      const { stdout } = await shell(
        `for each in ${needs.join(' ')}; do command -v $each > /dev/null || echo $each; done`,
      );
      if (stdout !== '') {
        context.skip(`no ${stdout.trim().split('\n').join(', ')}`);
        return;
      }
      await shell(`set -e\n${script}`);
      await agent.settled();
      const alerts = agent.marked(mark).filter(({ rule }) => !reported.includes(rule));
      assert.deepEqual(alerts.map(shown), []);
    });
  }
});

function shown({ rule, output_fields: fields }: AlertLine): string {
  return `${rule}: ${fields['proc.cmdline'] ?? ''} (${fields['fd.name'] ?? fields['fs.path.name'] ?? ''})`;
}
