// The disk that alerts go to is full for a while: what is lost is counted and reported, and it goes on when there is room.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OUTPUT_RULE } from '../../host/agent/watches/output-watch.ts';
import { OWN_RULES } from '../../host/daemon/rules/rule-files.ts';
import { SoakAgent } from './agent.ts';
import { mustAddUp } from './drops.ts';
import { markFile, startMarks } from './marks.ts';
import { Receiver } from './receiver.ts';
import { soakRules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { count } from './table.ts';

const DISK_KB = 2048;
const BALLAST_KB = 1024;
const MARKS_A_SECOND = 500;
const PATIENCE_MS = 15_000;

export const DISK_FULL: Scenario = {
  name: 'disk-full',
  summary: 'the disk of file output and spool fills up, and has room again later',
  seconds: 60,
  async run(session) {
    const disk = join(session.folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_KB}k`, 'wasprey-soak', disk]);
    session.atEnd(() => execFileSync('umount', ['-l', disk]));
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, Buffer.alloc(BALLAST_KB * 1024));
    const path = markFile(session);
    const file = join(disk, 'alerts.jsonl');
    const receiver = await Receiver.start(session, 'refuses');
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), OWN_RULES],
      keep: (line) => line.includes(path),
      configuration: {
        file_output: { enabled: true, filename: file },
        http_output: { enabled: true, url: receiver.url },
        spool: { enabled: true, path: join(disk, 'spool') },
      },
    });
    const marking = startMarks(session, { path, rate: MARKS_A_SECOND });
    const full = await until(() => statfsSync(disk).bfree === 0);
    await sleep(session.quick ? 1000 : 4000);
    const stillRuns = agent.isRunning;
    const before = await agent.metricsOfNow();
    // Room again; and the receiver takes what has waited.
    rmSync(ballast);
    receiver.behave('takes');
    const healed = performance.now();
    const recovered = await until(async () => {
      const { written } = (await agent.metrics()).output('file');
      return written > before.output('file').written;
    });
    await sleep(2000);
    await marking.stop();
    await until(async () => (await agent.metrics()).output('http').queued === 0);
    const deliveredMs = performance.now() - healed;
    const metrics = await agent.metricsOfNow();
    const written = readFileSync(file, 'utf8').trimEnd().split('\n');
    const whole = written.filter(isObject).length;
    const [inFile, http] = [metrics.output('file'), metrics.output('http')];
    session.figure('alerts', count(agent.lines));
    session.figure('file: written, dropped', `${count(inFile.written)}, ${count(inFile.dropped)}`);
    session.figure('http: taken, dropped', `${count(http.written)}, ${count(http.dropped)}`);
    session.figure('all that waited is delivered', `${(deliveredMs / 1000).toFixed(1)} s after there is room`);
    session.must(
      'the disk was full',
      full,
      `${count(before.output('file').dropped)} alerts not written to the file by then`,
    );
    const told = agent.internal.filter(({ rule }) => rule === OUTPUT_RULE).map(({ output }) => output);
    session.must(
      'alerts reported it',
      told.some((text) => text.includes(file)),
      told.join(' | ') || 'no alert',
    );
    session.must('it runs on', stillRuns && agent.isRunning, agent.isRunning ? 'it does' : agent.said);
    session.must('the file is written again', recovered, `${written.length} lines`);
    session.must(
      'lines that are whole are what counts as written',
      whole === inFile.written,
      `${whole} of ${inFile.written}`,
    );
    for (const [name, output] of [['file', inFile] as const, ['http', http] as const]) {
      const all = output.written + output.dropped + output.queued;
      session.must(
        `alerts to ${name} are accounted for`,
        all === agent.lines,
        `${count(all)} of ${count(agent.lines)}`,
      );
    }
    session.must('the receiver has what counts as taken', receiver.taken === http.written, count(receiver.taken));
    await mustAddUp(session, agent);
  },
};

async function until(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(50)) {
    if (await condition()) return true;
  }
  return false;
}

/** A line that was cut off by the end of the disk is none. */
function isObject(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
