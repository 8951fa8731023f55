// What a secret on a command line looks like: names that have one as their value, options of programs, and texts that are one by their form.

/** Written in place of a secret. */
export const MASK = '***';

/**
 * Names of options, variables, headers and keys whose value is a secret. Letter case does not count, `_` and `.` count as `-`; `*` stands
 * for any text.
 */
export const DEFAULT_SECRET_NAMES: readonly string[] = [
  '*password',
  '*passwd',
  '*passphrase',
  '*passcode',
  ...Array.from('0123456789', (digit) => `*password${digit}`),
  '*pwd',
  'pass',
  '*-pass',
  'pw',
  'pin',
  'otp',
  '*dbpass',
  '*sshpass',
  '*requirepass',
  '*storepass',
  '*keypass',
  '*secret',
  '*secret-key',
  '*secret-access-key',
  '*secret-id',
  '*secret-string',
  '*secret-value',
  '*secret-key-base',
  '*token',
  '*token-id',
  '*token-value',
  '*-pat',
  '*api-key',
  '*apikey',
  '*access-key',
  '*access-key-id',
  '*private-key',
  '*account-key',
  '*auth-key',
  '*authkey',
  '*encryption-key',
  '*signing-key',
  '*session-key',
  '*master-key',
  '*deploy-key',
  '*unseal-key',
  '*certificate-key',
  '*psk',
  'jwt*',
  '*bearer',
  '*basic-auth',
  '*credential',
  '*credentials',
  '*authorization',
  '*-creds',
  'creds',
  'github-oauth-*',
  '*npm-auth',
  '*rediscli-auth',
  'cookie',
  'set-cookie',
  'x-auth-*',
  'sig',
  '*signature',
];

/** Names that those would fit, and that are not secrets: the working directory. */
export const NO_SECRET_NAMES: ReadonlySet<string> = new Set(['PWD', 'OLDPWD']);

/** Words between the name of a header and its secret. */
export const AUTH_SCHEMES = 'Bearer|Basic|Digest|Token|ApiKey|Negotiate';

/** How a program takes a secret. */
export interface ProgramOptions {
  readonly programs: readonly string[];
  /** `-pSECRET`. */
  readonly attached?: readonly string[];
  /** `-p SECRET`. */
  readonly separate?: readonly string[];
  /** `-u USER:SECRET` or `-uUSER:SECRET`: the separator. */
  readonly credentials?: { readonly options: readonly string[]; readonly separator: string };
  /** Letters of options without a value, which may stand before the letter of one: `-sSu USER:SECRET`. */
  readonly flags?: string;
}

/** Options whose names say nothing. */
export const PROGRAM_OPTIONS: readonly ProgramOptions[] = [
  {
    programs: [
      ...['mysql', 'mysqldump', 'mysqladmin', 'mysqlimport', 'mysqlcheck', 'mysqlshow', 'mysqlslap', 'mysqlpump'],
      ...[
        'mariadb',
        'mariadb-dump',
        'mariadb-admin',
        'mariadb-import',
        'mariadb-check',
        'mariadb-backup',
        'xtrabackup',
      ],
    ],
    attached: ['-p'],
  },
  { programs: ['sshpass'], attached: ['-p'], separate: ['-p'] },
  { programs: ['mongo', 'mongosh', 'mongodump', 'mongorestore'], attached: ['-p'], separate: ['-p'] },
  { programs: ['redis-cli', 'valkey-cli'], separate: ['-a'] },
  {
    programs: ['docker', 'podman', 'nerdctl', 'buildah', 'skopeo', 'crane', 'oras', 'helm', 'az', 'oc'],
    // Only to log in: `docker run -p 80:80` is a port.
    separate: ['-p'],
    attached: ['-p'],
    credentials: { options: ['--creds', '--src-creds', '--dest-creds'], separator: ':' },
  },
  { programs: ['crictl'], credentials: { options: ['--creds'], separator: ':' } },
  { programs: ['ctr', 'etcdctl'], credentials: { options: ['-u', '--user'], separator: ':' } },
  { programs: ['lftp'], credentials: { options: ['-u', '--user'], separator: ',' } },
  {
    programs: [
      ...['useradd', 'usermod', 'cqlsh', 'twine', 'ncftp', 'ncftpput', 'ncftpget', 'rdesktop', 'rabbitmqadmin'],
      ...['hydra', 'medusa', 'smbmap'],
    ],
    separate: ['-p'],
  },
  { programs: ['crackmapexec', 'netexec', 'nxc', 'evil-winrm'], separate: ['-p', '-H'] },
  { programs: ['mosquitto_pub', 'mosquitto_sub'], separate: ['-P'] },
  { programs: ['ipmitool'], separate: ['-P'], attached: ['-P'] },
  { programs: ['openssl'], separate: ['-k', '-K', '-hmac'] },
  { programs: ['xfreerdp', 'xfreerdp3', 'wlfreerdp'], attached: ['/p:'] },
  { programs: ['gem'], separate: ['-k'] },
  { programs: ['doctl', 'fly', 'flyctl'], separate: ['-t'] },
  { programs: ['ssh-keygen'], separate: ['-N', '-P'] },
  {
    programs: ['snmpwalk', 'snmpget', 'snmpset', 'snmpbulkwalk', 'snmptrap'],
    separate: ['-A', '-X', '-c'],
  },
  {
    programs: ['ldapsearch', 'ldapadd', 'ldapmodify', 'ldapdelete', 'ldappasswd', 'ldapwhoami'],
    separate: ['-w', '-s'],
    attached: ['-w'],
  },
  { programs: ['sqlcmd', 'bcp', 'isql', 'clickhouse-client'], separate: ['-P'], attached: ['-P'] },
  {
    programs: ['curl'],
    separate: ['-b'],
    // `--cert FILE:SECRET` too.
    credentials: {
      options: ['-u', '--user', '-U', '--proxy-user', '-E', '--cert', '--proxy-cert'],
      separator: ':',
    },
    flags: '0123456#aBfgGIijJklLMnNOpqRsSvVZ',
  },
  { programs: ['wget'], credentials: { options: ['-u', '--user', '-U', '--proxy-user'], separator: ':' } },
  {
    programs: ['http', 'https', 'xh', 'xhs'],
    credentials: { options: ['-a', '--auth', '-u', '--user'], separator: ':' },
  },
  { programs: ['ab'], credentials: { options: ['-A', '-P', '-u', '--user'], separator: ':' } },
  {
    programs: ['smbclient', 'rpcclient', 'net', 'mount.cifs', 'smbget', 'winexe'],
    credentials: { options: ['-U', '--user'], separator: '%' },
  },
  { programs: ['7z', '7za', 'unrar', 'rar', 'zip', 'unzip'], attached: ['-p', '-P'], separate: ['-P'] },
];

/** A secret among the words of a program that are not options: `vault login SECRET`. */
export interface SecretWord {
  readonly programs: readonly string[];
  /** Words that come before it, in this order; others may stand between them. Letter case does not count. */
  readonly behind: readonly string[];
  /** Words between the last of these and the secret. */
  readonly skipped?: number;
  /**
   * `named`: a name, which says whether the next word is a secret; `values`: the values of all words from there on, `KEY=SECRET`;
   * `rest`: all words from there on, where options decide which of them is the secret; `logon`: `USER/SECRET@DATABASE`.
   */
  readonly as?: 'named' | 'values' | 'rest' | 'logon';
}

export const SECRET_WORDS: readonly SecretWord[] = [
  ...[['login'], ['unseal'], ['token', 'revoke'], ['token', 'renew'], ['token', 'lookup']].map((behind) => ({
    programs: ['vault', 'bao'],
    behind,
  })),
  ...[
    ['kv', 'put'],
    ['kv', 'patch'],
  ].map((behind) => ({ programs: ['vault', 'bao'], behind, as: 'values' as const })),
  { programs: ['aws'], behind: ['configure', 'set'], as: 'named' },
  { programs: ['npm', 'pnpm', 'yarn'], behind: ['set'], as: 'named' },
  { programs: ['git', 'rclone'], behind: ['config'], as: 'named' },
  { programs: ['nmcli'], behind: ['wifi'], as: 'named' },
  { programs: ['openssl'], behind: ['passwd'] },
  { programs: ['wpa_passphrase'], behind: [], skipped: 1 },
  { programs: ['mysqladmin', 'mariadb-admin'], behind: ['password'] },
  { programs: ['htpasswd'], behind: [], skipped: 1, as: 'rest' },
  { programs: ['sqlplus', 'sqlldr', 'expdp', 'impdp'], behind: [], as: 'logon' },
  { programs: ['consul'], behind: ['kv', 'put'], skipped: 1 },
  { programs: ['etcdctl'], behind: ['put'], skipped: 1 },
  { programs: ['cargo'], behind: ['login'] },
  { programs: ['composer'], behind: ['config'], as: 'named' },
  { programs: ['redis-cli', 'valkey-cli'], behind: ['config', 'set'], as: 'named' },
  { programs: ['nmcli'], behind: ['modify'], as: 'named' },
  { programs: ['wpa_cli'], behind: ['set_network'], as: 'named' },
  { programs: ['ansible-vault'], behind: ['encrypt_string'] },
  { programs: ['fly', 'flyctl'], behind: ['secrets', 'set'], as: 'values' },
  { programs: ['heroku'], behind: ['config:set'], as: 'values' },
  { programs: ['pulumi'], behind: ['config', 'set'], as: 'rest' },
  { programs: ['bw'], behind: ['unlock'] },
  { programs: ['bw'], behind: ['login'], skipped: 1 },
  { programs: ['ngrok'], behind: ['authtoken'] },
  { programs: ['ngrok'], behind: ['add-authtoken'] },
  { programs: ['cloudflared'], behind: ['service', 'install'] },
  { programs: ['rabbitmqctl'], behind: ['add_user'], skipped: 1 },
  { programs: ['rabbitmqctl'], behind: ['change_password'], skipped: 1 },
  { programs: ['redis-cli', 'valkey-cli'], behind: ['auth'] },
  { programs: ['mc', 'mcli'], behind: ['alias', 'set'], skipped: 3 },
];

/** Programs whose `--password` has no value behind it: they ask for it. */
export const ASKING_PROGRAMS: ReadonlySet<string> = new Set([
  ...['mysql', 'mysqldump', 'mysqladmin', 'mysqlimport', 'mysqlcheck', 'mysqlshow', 'mysqlslap', 'mysqlpump'],
  ...['mariadb', 'mariadb-dump', 'mariadb-admin', 'mariadb-import', 'mariadb-check'],
  ...['psql', 'pg_dump', 'pg_dumpall', 'pg_restore', 'createdb', 'dropdb'],
]);

/** Programs of which `-p` is a secret only after the word `login`. */
export const LOGIN_PROGRAMS: ReadonlySet<string> = new Set([
  ...['docker', 'podman', 'nerdctl', 'buildah', 'skopeo', 'crane', 'oras', 'helm', 'az', 'oc'],
]);

/** Texts that are a secret whatever stands before them, by their beginning; the rest are characters of a token. */
export const TOKEN_BEGINNINGS: readonly {
  readonly begin: string;
  /** Characters that follow, at least. */
  readonly least: number;
  /** The beginning of an address, which is not secret; what follows is, to the end of the path. */
  readonly isPath?: true;
  /** Exactly that many letters and digits follow, and nothing else: the beginning alone is not rare. */
  readonly isExact?: true;
}[] = [
  // AWS: access key ids, of users and of sessions.
  { begin: 'AKIA', least: 16 },
  { begin: 'ASIA', least: 16 },
  // GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, DigitalOcean, Hugging Face, OpenAI-like, age, Vault, SendGrid.
  { begin: 'ghp_', least: 20 },
  { begin: 'gho_', least: 20 },
  { begin: 'ghu_', least: 20 },
  { begin: 'ghs_', least: 20 },
  { begin: 'github_pat_', least: 20 },
  { begin: 'glpat-', least: 16 },
  { begin: 'glrt-', least: 16 },
  { begin: 'xapp-', least: 10 },
  { begin: 'xoxb-', least: 10 },
  { begin: 'xoxp-', least: 10 },
  { begin: 'xoxa-', least: 10 },
  { begin: 'sk_live_', least: 10 },
  { begin: 'rk_live_', least: 10 },
  { begin: 'sk_test_', least: 10 },
  { begin: 'rk_test_', least: 10 },
  { begin: 'SG.', least: 40 },
  { begin: 'AIza', least: 30 },
  { begin: 'npm_', least: 30 },
  { begin: 'pypi-', least: 30 },
  { begin: 'dop_v1_', least: 30 },
  { begin: 'hf_', least: 30 },
  { begin: 'sk-', least: 30 },
  { begin: 'AGE-SECRET-KEY-', least: 20 },
  { begin: 'hvs.', least: 20 },
  { begin: 'hvb.', least: 20 },
  { begin: 's.', least: 24, isExact: true },
  // A JSON web token: {" in base64.
  { begin: 'eyJ', least: 40 },
  // Addresses that let in whoever knows them.
  { begin: 'hooks.slack.com/services/', least: 1, isPath: true },
  { begin: 'discord.com/api/webhooks/', least: 1, isPath: true },
  { begin: 'discordapp.com/api/webhooks/', least: 1, isPath: true },
  { begin: 'api.telegram.org/bot', least: 1, isPath: true },
];
