// Races against rules that the kernel enforces: a thousand processes for each action, each of which writes a mark if it gets past its call.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { makeDirectory } from '../support/directory.ts';
import { execWays } from '../support/live/exec-ways.ts';
import { actProgram, actWords, str } from '../support/live/live-act.ts';
import { AF_INET, AT_FDCWD, O, SOCK_DGRAM } from '../support/live/live-numbers.ts';
import { AgentProcess } from './agent-process.ts';
import { enforcedRules } from './enforced-rules.ts';
import type { Benchmark, Figure } from './figure.ts';

const ROUNDS = 1000;

/** A program that a rule is about by its name: what is known of the process some milliseconds after it has begun. */
const CONNECTOR = 'connector';

const conditionsOf = (directory: string, programs: readonly string[], port: number): readonly string[] => [
  `evt.type in (open, openat, openat2) and fd.name = ${directory}/secret`,
  `evt.type = execve and evt.res = SUCCESS and proc.exepath in (${programs.join(', ')})`,
  `evt.type in (connect, sendto, sendmsg) and fd.sport = ${port}`,
  `evt.type in (connect, sendto, sendmsg) and proc.name = ${CONNECTOR}`,
];

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
    chmodSync(directory, 0o755);
    const { programs, ways } = execWays(directory);
    const { rules, options } = await enforcedRules(directory, conditionsOf(directory, programs, port));
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
    copyFileSync(actProgram(), `${directory}/${CONNECTOR}`);
    const connecting = (waitMs: number): string =>
      [
        `${directory}/${CONNECTOR}`,
        ...actWords([
          ['socket', AF_INET, SOCK_DGRAM, 0],
          ['@sleep', waitMs],
          ['connect', 'r0', 'in:127.0.0.1:9', 'len'],
          ['openat', AT_FDCWD, str(mark), O.WRONLY | O.CREAT | O.APPEND, 0o600],
          ['write', 'r3', str('x'), 1],
        ]),
      ]
        .map((word) => `'${word}'`)
        .join(' ');
    const rounds = session.quick ? ROUNDS / 10 : ROUNDS;
    let agent: AgentProcess | undefined;
    try {
      agent = await AgentProcess.start({ rules, run: [...session.run, ...options] });
      const figures: Figure[] = [];
      for (const { name, attempt } of ways) {
        session.progress(`${rounds} times exec, ${name}`);
        const { killed, begun } = await attempt(rounds);
        figures.push(figureOf(`exec, ${name}`, rounds, rounds - killed + begun, `${killed} killed, ${begun} begun`));
      }
      for (const [what, calls] of [
        ['open, then read', `read line < ${directory}/secret && echo >> ${mark}`],
        ['connect', `: > /dev/tcp/127.0.0.1/${port} && echo >> ${mark}`],
        ['sendto', `exec ${sending.map((word) => `'${word}'`).join(' ')} > /dev/null`],
        ['connect, by the name of a program, at once', `exec ${connecting(0)} > /dev/null`],
        ['connect, by the name of a program, after 20 ms', `exec ${connecting(20)} > /dev/null`],
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
        figures.push(figureOf(what, rounds, rounds - killed + marks, note));
      }
      return figures;
    } finally {
      await agent?.stop();
      server.close();
      receiver.close();
      remove();
    }
  },
};

function figureOf(what: string, rounds: number, past: number, note: string): Figure {
  return { what: `${what}: got past it`, unit: 'of 1000', samples: [(1000 * past) / rounds], note };
}
