// Secrets on command lines: each known form is masked, and nothing else is lost, in linear time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SecretMask } from '../../../../host/journal/secrets/mask-secrets.ts';
import { DEFAULT_SECRET_NAMES, MASK } from '../../../../host/journal/secrets/secret-patterns.ts';
import { isComposed, splitShell } from '../../../../host/journal/secrets/shell-words.ts';
import { HOSTILE_WORDS } from '../../../support/random/hostile-texts.ts';

const mask = new SecretMask();
const line = (text: string): string => mask.words(text.split(' ')).join(' ');

test('options and variables whose names say that they have a secret', () => {
  assert.equal(line('app --password=s3 --user bob'), 'app --password=*** --user bob');
  assert.equal(line('app --db-password s3 --user bob'), 'app --db-password *** --user bob');
  assert.equal(line('app -token s3 next'), 'app -token *** next');
  assert.equal(line('app --accessToken=s3 --apiKey=s3'), 'app --accessToken=*** --apiKey=***');
  assert.equal(
    line('env AWS_SECRET_ACCESS_KEY=a/b+c AWS_REGION=eu ./run'),
    'env AWS_SECRET_ACCESS_KEY=*** AWS_REGION=eu ./run',
  );
  assert.equal(
    line('docker run -e DB_PASSWORD=s3 --env=TOKEN=s3 img'),
    'docker run -e DB_PASSWORD=*** --env=TOKEN=*** img',
  );
  assert.deepEqual(mask.words(['docker', 'run', '-e', 'DB_PASSWORD=with blanks in it']).at(-1), 'DB_PASSWORD=***');
  assert.equal(
    line('kubectl create secret generic x --from-literal=user=bob --from-literal pw=s3'),
    'kubectl create secret generic x --from-literal=user=*** --from-literal pw=***',
  );
});

test('options that are not secrets stay as they are', () => {
  for (const text of [
    'cat /etc/passwd /run/secrets/token',
    'psql --no-password shop',
    'psql --password shop',
    'mysql --password shop',
    'app --password-file /run/x --token-file=/y --password-stdin z',
    'app --password --verbose',
    'docker run -p 80:80 registry/secret:v1',
    'mkdir -p /a/b',
    'ssh -p 22 host',
    'git log --author=token',
    'PWD=/home OLDPWD=/ env',
  ]) {
    assert.equal(line(text), text);
  }
});

test('options of programs whose names say nothing', () => {
  assert.equal(line('mysql -h db -ps3 shop'), 'mysql -h db -p*** shop');
  assert.equal(line('sudo -u db /usr/bin/mysqldump -ps3 shop'), 'sudo -u db /usr/bin/mysqldump -p*** shop');
  assert.equal(line('sshpass -p s3 ssh host'), 'sshpass -p *** ssh host');
  assert.equal(line('redis-cli -a s3 ping'), 'redis-cli -a *** ping');
  assert.equal(line('docker login -u me -p s3 reg'), 'docker login -u me -p *** reg');
  assert.equal(line('curl -u bob:s3 http://h'), 'curl -u bob:*** http://h');
  assert.equal(line('curl --user=bob:s3 -ubob:s3 http://h'), 'curl --user=bob:*** -ubob:*** http://h');
  assert.equal(line('openssl enc -passin pass:s3 -in f'), 'openssl enc -passin pass:*** -in f');
});

test('headers, URLs, JSON and tokens that are known by their form', () => {
  const header = (...words: string[]) => mask.words(['curl', ...words]).slice(1);
  assert.deepEqual(header('-H', 'Authorization: Bearer a.b.c'), ['-H', 'Authorization: Bearer ***']);
  assert.deepEqual(header('-H', 'X-Api-Key:s3'), ['-H', 'X-Api-Key:***']);
  assert.deepEqual(header('-H', 'Cookie: a=b; c=d'), ['-H', 'Cookie: ***']);
  assert.deepEqual(header('--header=Authorization: s3', '-HAuthorization: Basic s3'), [
    '--header=Authorization: ***',
    '-HAuthorization: Basic ***',
  ]);
  assert.deepEqual(header('-H', 'Accept: text/html'), ['-H', 'Accept: text/html']);
  assert.equal(line('git clone https://bob:p@ss@h.org/x'), 'git clone https://bob:***@h.org/x');
  assert.equal(line('wget redis://:s3@h:6379/0'), 'wget redis://:***@h:6379/0');
  assert.equal(line('wget http://h:80/?access_token=s3&x=1#f'), 'wget http://h:80/?access_token=***&x=1#f');
  assert.equal(mask.words(['--data', '{"password": "a \\" b", "x": 1}'])[1], '{"password": "***", "x": 1}');
  assert.equal(
    line('git clone https://ghp_0123456789abcdefghijABCDEFGHIJ012345@h.org/x'),
    'git clone https://***@h.org/x',
  );
  assert.equal(line('echo AKIAIOSFODNN7EXAMPLE'), 'echo ***');
  assert.equal(line('echo AKIA sk-short eyJ'), 'echo AKIA sk-short eyJ');
});

test('options and names of some programs, and tokens and addresses of services', () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      'env DB_PWD=§ SSHPASS=§ dbpass=§ PASSWORD1=§ JWT_KEY=§ ENCRYPTION_KEY=§',
      'env DB_PWD=*** SSHPASS=*** dbpass=*** PASSWORD1=*** JWT_KEY=*** ENCRYPTION_KEY=***',
    ],
    ['redis-server --requirepass §', 'redis-server --requirepass ***'],
    ['keytool -storepass § -keypass § -list', 'keytool -storepass *** -keypass *** -list'],
    ['tailscale up --authkey § --psk=§', 'tailscale up --authkey *** --psk=***'],
    ['kubeadm init --certificate-key § --secret-id=§', 'kubeadm init --certificate-key *** --secret-id=***'],
    ['curl --oauth2-bearer § --basic-auth=u:§ h', 'curl --oauth2-bearer *** --basic-auth=*** h'],
    ['curl -sSu u:§ -b sid=§ h', 'curl -sSu u:*** -b *** h'],
    ['curl -sSuu:§ -ou:1 h', 'curl -sSuu:*** -ou:1 h'],
    ['http -a u:§ --auth=u:§ h', 'http -a u:*** --auth=u:*** h'],
    ['docker login -p§ -u me', 'docker login -p*** -u me'],
    ['docker run -p80:80 img', 'docker run -p80:80 img'],
    ['ldapsearch -x -w§', 'ldapsearch -x -w***'],
    ['git clone https://§@h.org/x', 'git clone https://***@h.org/x'],
    ['git clone https://§:x-oauth-basic@h.org/x', 'git clone https://***:x-oauth-basic@h.org/x'],
    ['git clone ssh://git@h.org/x', 'git clone ssh://git@h.org/x'],
    ['curl https://hooks.slack.com/services/T/B/§', 'curl https://hooks.slack.com/services/***'],
    ['curl https://api.telegram.org/bot1:§?x=1', 'curl https://api.telegram.org/bot***?x=1'],
    ...[
      'xapp-1-A0-1234567',
      'glrt-abcdefghijklmnopqrst',
      'sk_test_abcdefghijkl',
      `SG.${'a1'.repeat(11)}.${'b2'.repeat(20)}`,
    ].map((token): [string, string] => [`echo ${token}`, 'echo ***']),
  ];
  for (const [given, wanted] of cases) assert.equal(line(given.replaceAll('§', 'S3cr3t')), wanted);
  assert.deepEqual(mask.words(['git', '-c', 'http.extraHeader=Authorization: Basic s3', 'fetch']).slice(2), [
    'http.extraHeader=Authorization: Basic ***',
    'fetch',
  ]);
  assert.equal(
    mask.words(['mysql', '-e', "ALTER USER 'a'@'h' IDENTIFIED BY 's3'"])[2],
    "ALTER USER 'a'@'h' IDENTIFIED BY '***'",
  );
  assert.equal(
    mask.words(['psql', '-c', "CREATE ROLE x PASSWORD 's3' LOGIN"])[2],
    "CREATE ROLE x PASSWORD '***' LOGIN",
  );
  assert.deepEqual(mask.words(['mysql', '-px y', 'db']), ['mysql', '-p***', 'db']);
});

test('secrets that stand at a place of their own', () => {
  const cases = [
    'vault login §',
    'vault login -no-print §',
    'vault login username=me password=§',
    'vault operator unseal §',
    'vault token revoke §',
    'bao kv put secret/x key=§ other=§',
    'aws configure set aws_secret_access_key § --profile x',
    'npm config set //r.org/:_authToken §',
    'git config github.token §',
    'rclone config create x s3 secret_access_key § region eu',
    'nmcli dev wifi connect home password §',
    'openssl passwd -6 §',
    'wpa_passphrase home §',
    'bw login a@b.org §',
    'redis-cli AUTH §',
    'mc alias set x http://h name §',
    'rabbitmqctl add_user bob §',
    'az login -u me -p § --tenant t',
    'oc login -u me -p§ h',
    'skopeo copy --src-creds u:§ --dest-creds=u:§ a b',
    'crictl pull --creds u:§ img',
    'ctr images pull --user u:§ img',
    'lftp -u user,§ h',
    'ssh-keygen -P § -N § -f x',
    'ipmitool -U a -P § chassis',
    'usermod -p § bob',
    'snmpwalk -c § -A § h',
    'sudo vault login § && ls login',
  ];
  for (const given of cases) assert.equal(line(given.replaceAll('§', 'S3cr3t')), given.replaceAll('§', MASK));
  assert.equal(line('echo s.abcdefghijklmnopqrstuvwx'), 'echo ***');
});

test('words at such places that are not secrets stay as they are', () => {
  for (const text of [
    'vault status',
    'vault kv get secret/x',
    'vault login -method=userpass username=me',
    'vault token lookup',
    'aws configure set region eu',
    'aws s3 cp token s3://b/token',
    'git commit token password',
    'git config user.name token',
    'npm install password',
    'docker login --password-stdin',
    'az group list -p x',
    'openssl req -new -key k',
    'redis-cli get auth-x',
    'mc alias list',
    'ls s.conf s.abcdefghijklmnopqrstuv.example s.abcdefghijklmnopqrstuvw/xyz',
    'nmcli dev wifi list',
    'useradd -m bob',
    'ssh-keygen -f x',
    'cat vault',
  ]) {
    assert.equal(line(text), text);
  }
});

test('a text in which the quotes of a command line are gone', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['curl -H Authorization: Bearer s3 https://h', 'curl -H Authorization: Bearer *** https://h'],
    ['curl -sS -H X-Vault-Token: s3 https://h', 'curl -sS -H X-Vault-Token: *** https://h'],
    ['wget --header Authorization: basic s3 https://h', 'wget --header Authorization: basic *** https://h'],
    ['http h Authorization:Bearer s3', 'http h Authorization:Bearer ***'],
    ['curl -H Cookie: a=s3; b=s3 https://h; id=1', 'curl -H Cookie: ***; b=*** https://h; id=1'],
    ['curl -H Accept: text/html https://h', 'curl -H Accept: text/html https://h'],
    ['curl -d {"user": "a", "password": "s3"} h', 'curl -d {"user": "a", "password": "***"} h'],
    ["mysql -u root -p'x y' z", 'mysql -u root -p*** z'],
  ];
  for (const [given, wanted] of cases) {
    assert.equal(mask.text(given), wanted);
    assert.equal(mask.message(`Read (file=/x command=${given}`), `Read (file=/x command=${wanted}`);
  }
});

test('a secret that a script passes to the standard input of a command', () => {
  const script = (text: string): string | undefined => mask.words(['sh', '-c', text])[2];
  assert.equal(script("echo 's3' | sudo -S ls"), "echo '***' | sudo -S ls");
  assert.equal(script('cd /x; echo -n s3 |sudo -kS -- ls | wc'), 'cd /x; echo -n *** |sudo -kS -- ls | wc');
  assert.equal(script('echo bob:s3 | /usr/sbin/chpasswd'), 'echo *** | /usr/sbin/chpasswd');
  assert.equal(
    script('printf %s "$A" s3 | docker login -u me --password-stdin'),
    'printf *** "***" *** | docker login -u me --password-stdin',
  );
  assert.equal(script("passwd --stdin bob <<< 's3'"), "passwd --stdin bob <<< '***'");
  assert.equal(mask.text('sh -c echo s3 | sudo -S ls'), 'sh -c echo s3 | sudo -S ls'.replace('s3', '***'));
  for (const text of [
    'echo hi | wc -l',
    'echo hi || sudo -S ls',
    'echo hi; sudo -S ls',
    'echo hi | sudo tee -a /etc/hosts',
    'cat f | sudo -S ls',
    'cat <<< hi',
  ]) {
    assert.equal(script(text), text);
  }
});

test('a user and a secret without a scheme', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['app --dsn=u:§@tcp(db:3306)/shop', 'app --dsn=u:***@tcp(db:3306)/shop'],
    ['psexec.py corp/bob:§@10.0.0.7', 'psexec.py corp/bob:***@10.0.0.7'],
    ['sqlplus -s system/§@db', 'sqlplus -s system/***@db'],
    ['xfreerdp /u:bob /p:§ /v:h', 'xfreerdp /u:bob /p:*** /v:h'],
    [
      'git -c http.https://h/.extraHeader=PRIVATE-TOKEN:§ fetch',
      'git -c http.https://h/.extraHeader=PRIVATE-TOKEN:*** fetch',
    ],
    ['app password:§ /password:§', 'app password:*** /password:***'],
    ['openssl enc -k § -in f', 'openssl enc -k *** -in f'],
    ['curl -E c.pem:§ --cert=c.pem:§ h', 'curl -E c.pem:*** --cert=c.pem:*** h'],
    ['mysqladmin -u root password §', 'mysqladmin -u root password ***'],
    ['htpasswd -nb bob §', 'htpasswd -nb bob ***'],
    ['etcdctl put /db/key §', 'etcdctl put /db/key ***'],
    ['redis-cli config set requirepass §', 'redis-cli config set requirepass ***'],
    ['env RAILS_MASTER_KEY=§ GITHUB_PAT=§ NPM_AUTH=§', 'env RAILS_MASTER_KEY=*** GITHUB_PAT=*** NPM_AUTH=***'],
  ];
  for (const [given, wanted] of cases) assert.equal(line(given.replaceAll('§', 'S3cr3t')), wanted);
  for (const text of [
    'docker run nginx:1.25@sha256:0123456789abcdef',
    'npm i left@npm:right@1.2.3 a@npm:b@latest',
    'scp bob@h:notes@home .',
    'git clone git@h.org:a/b',
    'ssh -L 8080:db:80 bob@h',
    'redis-cli config set maxmemory 1gb',
    'composer config repo.x vcs',
  ]) {
    assert.equal(line(text), text);
  }
});

test('command lines within an argument', () => {
  const script = (text: string) => mask.words(['sh', '-c', text])[2];
  assert.equal(script('PGPASSWORD=s3 psql -h db; echo done'), 'PGPASSWORD=*** psql -h db; echo done');
  assert.equal(
    script(`curl -H 'Authorization: Bearer s3' http://x/ | tee /tmp/y && mysql -ps3 <f`),
    `curl -H 'Authorization: Bearer ***' http://x/ | tee /tmp/y && mysql -p*** <f`,
  );
  assert.equal(script(`ssh h "mysql -ps3 -e 'select 1'"`), `ssh h "mysql -p*** -e 'select 1'"`);
  assert.equal(script(`PASSWORD='a b' ./run`), `PASSWORD=*** ./run`);
  assert.equal(mask.text('mysql -ps3 shop'), 'mysql -p*** shop');
});

test('an alert: the program may stand behind a key', () => {
  const message = 'spawned (command=/usr/bin/mysql -ps3 shop parent=app parent_command=app --token=s3 pid=1)';
  assert.equal(
    mask.message(message),
    'spawned (command=/usr/bin/mysql -p*** shop parent=app parent_command=app --token=*** pid=1)',
  );
  assert.equal(line('docker run -e DB=mysql -p80:80 img'), 'docker run -e DB=mysql -p80:80 img');
});

test('the names can be chosen', () => {
  const own = new SecretMask(['*pin', 'x-*']);
  assert.deepEqual(own.words(['app', '--pin=1', '--card_pin', '2', '--password=3', 'X_Y=4']), [
    ...['app', '--pin=***', '--card_pin', '***', '--password=3', 'X_Y=***'],
  ]);
  assert.deepEqual(new SecretMask([]).words(['app', '--password=3']), ['app', '--password=3']);
});

/** Letters that no name and no token of the defaults is made of. */
const INNOCENT = fc
  .stringMatching(/^[b-df-hj-mqvxz/][b-df-hj-mqvxz0-9/=,.:@%+-]{0,12}$/)
  .filter((word) => !/:\/\/|:.*@/.test(word));
/** Found again in any text. */
const SECRET = fc.stringMatching(/^Q[A-Z0-9]{5,12}Q$/);
const NAMES = fc.constantFrom(...DEFAULT_SECRET_NAMES.map((name) => name.replaceAll('*', 'j-')));

/** Words with a secret, `§` in its place. */
const FORMS: fc.Arbitrary<readonly string[]> = fc.oneof(
  NAMES.map((name) => [`--${name}=§`]),
  NAMES.map((name) => [`--${name}`, '§']),
  NAMES.map((name) => [`${name.toUpperCase().replaceAll('-', '_')}=§`]),
  NAMES.map((name) => ['-H', `${name}: Bearer §`]),
  NAMES.map((name) => [`https://h/?a=1&${name}=§&b=2`]),
  NAMES.map((name) => [`{"${name}":"§"}`]),
  fc.constant(['http://j:§@h/']),
);

test('in any mix of words, no secret stays and no other word is lost', () => {
  const part = fc.oneof(
    INNOCENT.map((word) => ({ words: [word], secret: '' })),
    fc.record({ words: FORMS, secret: SECRET }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const words = parts.flatMap(({ words, secret }) => words.map((word) => word.replace('§', secret)));
      const expected = parts.flatMap(({ words }) => words.map((word) => word.replace('§', MASK)));
      assert.deepEqual(mask.words(['jfk', ...words]), ['jfk', ...expected]);
    }),
    { numRuns: 2000 },
  );
});

test('of any words, what is not masked stays in its place', () => {
  const pieces = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      'password',
      '=',
      ':',
      '--token',
      '"',
      "'",
      '\\',
      ' ',
      '://',
      '@',
      ';',
      '-p',
      'mysql',
      'AKIA',
      '-H',
      '\n',
    ),
  );
  const word = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      const masked = mask.words(words);
      assert.equal(masked.length, words.length);
      for (const [index, text] of masked.entries()) assert.ok(keepsOrder(words[index] ?? '', text), text);
      if (words.some((word) => word !== ''))
        assert.equal(
          splitShell(words.join(' '))
            .map(({ text }) => text)
            .join(''),
          words.join(' '),
        );
    }),
    { numRuns: 3000 },
  );
});

/** Whether `masked` is `text` with parts of it replaced. */
function keepsOrder(text: string, masked: string): boolean {
  let at = 0;
  for (const piece of masked.split(MASK)) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return true;
}

test('hostile words end', () => {
  for (const text of HOSTILE_WORDS) {
    mask.words(['curl', '-c', text, `${text} x`]);
    mask.text(text);
  }
});

test('blanks make a text composed, and nothing else', () => {
  assert.equal(isComposed('a b'), true);
  assert.equal(isComposed('a;b'), false);
});
