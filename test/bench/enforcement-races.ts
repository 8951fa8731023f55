// Races against rules that the kernel enforces: a thousand processes for each action, each of which writes a mark if it gets past its call.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { makeDirectory } from '../support/directory.ts';
import { actProgram, actWords, str } from '../support/live-act.ts';
import { AF_INET, AT_FDCWD, O, SOCK_DGRAM } from '../support/live-numbers.ts';
import { AgentProcess } from './agent-process.ts';
import type { Benchmark, Figure } from './figure.ts';
import { ruleSet } from './rule-sets.ts';

const ROUNDS = 1000;

const rulesOf = (directory: string, port: number): string => `
- rule: race enforced open
  desc: a file
  condition: evt.type in (open, openat, openat2) and fd.name = ${directory}/secret
  output: opened
  priority: NOTICE
- rule: race enforced exec
  desc: a program
  condition: evt.type = execve and evt.res = SUCCESS and proc.exepath = ${directory}/forbidden
  output: run
  priority: NOTICE
- rule: race enforced connect
  desc: a port
  condition: evt.type in (connect, sendto, sendmsg) and fd.sport = ${port}
  output: connected
  priority: NOTICE
`;
const RESPONSES = `
responses:
  mode: act
  hosts: true
  limits: {per_container: 60000/1m, per_node: 60000/1m}
  actions:
  - name: race
    match: {rules: ["race enforced*"]}
    do: kill_process
    where: kernel
`;

export const ENFORCEMENT_RACES: Benchmark = {
  name: 'enforcement-races',
  summary: 'how many of a thousand processes get past a call that a rule which the kernel enforces matches',
  async run(session) {
    const { path: directory, remove } = makeDirectory();
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const receiver = createSocket('udp4');
    let arrived = 0;
    server.on('connection', () => arrived++);
    receiver.on('message', () => arrived++).bind(port, '127.0.0.1');
    await once(receiver, 'listening');
    writeFileSync(`${directory}/secret`, 'secret\n');
    copyFileSync('/bin/sh', `${directory}/forbidden`);
    writeFileSync(`${directory}/rules.yaml`, rulesOf(directory, port));
    writeFileSync(`${directory}/wasprey.yaml`, RESPONSES);
    await ruleSet('races', [`${directory}/rules.yaml`]);
    const agent = await AgentProcess.start({
      rules: [`${directory}/rules.yaml`],
      run: [...session.run, '-c', `${directory}/wasprey.yaml`],
    });
    const mark = `${directory}/mark`;
    const sending = [
      actProgram(),
      ...actWords([
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['sendto', 'r0', str('x'), 1, 0, `in:127.0.0.1:${port}`, 'len'],
        ['openat', AT_FDCWD, str(mark), O.WRONLY | O.CREAT | O.APPEND, 0o600],
        ['write', 'r2', str('x'), 1],
      ]),
    ];
    const rounds = session.quick ? ROUNDS / 10 : ROUNDS;
    try {
      const figures: Figure[] = [];
      for (const [what, calls] of [
        ['exec', `exec ${directory}/forbidden -c 'echo >> ${mark}'`],
        ['open, then read', `read line < ${directory}/secret && echo >> ${mark}`],
        ['connect', `: > /dev/tcp/127.0.0.1/${port} && echo >> ${mark}`],
        ['sendto', `exec ${sending.map((word) => `'${word}'`).join(' ')}`],
      ] as const) {
        session.progress(`${rounds} times ${what}`);
        rmSync(mark, { force: true });
        const before = arrived;
        const script = `killed=0; for ((i = 0; i < ${rounds}; i++)); do (${calls}); [ $? = 137 ] && ((killed++)); done; echo $killed`;
        const child = spawn('/bin/bash', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
        const [answer] = await once(child.stdout, 'data');
        const killed = Number(String(answer));
        const marks = existsSync(mark) ? readFileSync(mark, 'utf8').length : 0;
        const note = `${killed} of ${rounds} killed, ${marks} marks, ${arrived - before} at the other end`;
        figures.push({
          what: `${what}: got past it`,
          unit: 'of 1000',
          samples: [(1000 * (rounds - killed + marks)) / rounds],
          note,
        });
      }
      return figures;
    } finally {
      await agent.stop();
      server.close();
      receiver.close();
      remove();
    }
  },
};
