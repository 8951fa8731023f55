// Outputs that hang: one whose server accepts and never answers, one whose program never reads. The others are none the slower.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT_RULE } from '../../host/agent/watches/output-watch.ts';
import { OWN_RULES } from '../../host/daemon/rules/rule-files.ts';
import { quantile } from '../bench/statistics.ts';
import { SoakAgent } from './agent.ts';
import { mustAddUp } from './drops.ts';
import { follow, latencies, markFile, spread, startMarks } from './marks.ts';
import { Receiver } from './receiver.ts';
import { soakRules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { count, megabytes } from './table.ts';

const MARKS_A_SECOND = 500;
const CAPACITY = 1000;
const SPOOL_MB = 1;
const USUAL_MS = 250;

export const HANGING: Scenario = {
  name: 'hanging',
  summary: 'a server that never answers and a program that never reads',
  seconds: 45,
  async run(session) {
    const path = markFile(session);
    const file = join(session.folder, 'alerts.jsonl');
    const spool = join(session.folder, 'spool');
    const receiver = await Receiver.start(session, 'hangs');
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), OWN_RULES],
      keep: (line) => line.includes(path),
      configuration: {
        outputs_queue: { capacity: CAPACITY },
        file_output: { enabled: true, filename: file, keep_alive: true },
        http_output: { enabled: true, url: receiver.url },
        spool: { enabled: true, path: spool, max_size_mb: SPOOL_MB },
        program_output: { enabled: true, program: 'exec sleep 600', keep_alive: true },
      },
    });
    const calls = MARKS_A_SECOND * (session.quick ? 3 : 15);
    const marking = startMarks(session, { path, rate: MARKS_A_SECOND, calls });
    await marking.done;
    const metrics = await agent.metricsOfNow();
    const inFile = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes(path)).length;
    const followed = follow(marking.marks, agent.alerts);
    const times = latencies(followed);
    const [program, http] = ['program', 'http'].map((name) => metrics.output(name));
    const onDisk = sizeOf(spool);
    const began = performance.now();
    const ended = await agent.stop();
    const seconds = (performance.now() - began) / 1000;
    for (const [name, output] of [['program', program] as const, ['http', http] as const]) {
      const { written = 0, queued = 0, dropped = 0 } = output ?? {};
      session.figure(`${name}: written, waiting, dropped`, [written, queued, dropped].map(count).join(', '));
      const all = written + queued + dropped;
      session.must(
        `alerts to ${name} are accounted for`,
        all === agent.lines,
        `${count(all)} of ${count(agent.lines)}`,
      );
    }
    session.figure('spool on disk', megabytes(onDisk));
    session.figure('from call to standard output', spread(times));
    session.figure('end', `${seconds.toFixed(1)} s after SIGINT`);
    const told = agent.internal.filter(({ rule }) => rule === OUTPUT_RULE).map(({ output }) => output);
    session.must(
      'an alert reported what the program lost',
      (program?.dropped ?? 0) === 0 || told.some((text) => text.includes('the output program')),
      told.join(' | ') || 'no alert',
    );
    session.must('standard output has all alerts', times.length === calls, `${times.length} of ${calls}`);
    session.must('the file has all alerts', inFile === calls, `${inFile} of ${calls}`);
    session.must(
      'at usual speed',
      quantile(times, 0.99) < USUAL_MS,
      `99 % within ${quantile(times, 0.99).toFixed(1)} ms`,
    );
    session.must(
      'what waits is bounded',
      onDisk <= 1.1e6 * SPOOL_MB && (program?.queued ?? 0) <= CAPACITY,
      megabytes(onDisk),
    );
    session.must('it ends when told to', ended, `${seconds.toFixed(1)} s`);
    await mustAddUp(session, agent);
  },
};

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
