// The wall clock is set forward and back by an hour: alerts have the new time, and what waits goes on waiting as long as it was to.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { OWN_RULES } from '../../host/daemon/rules/rule-files.ts';
import { cProgram } from '../support/programs/c-program.ts';
import { SoakAgent, timeOf } from './agent.ts';
import { mustAddUp } from './drops.ts';
import { latencies, markFile, spread, startMarks } from './marks.ts';
import { Receiver } from './receiver.ts';
import { soakRules } from './rules.ts';
import type { Scenario } from './scenario.ts';

const STEP_S = 3600;
/** Short: other programs of the machine see it, too. */
const PAUSE_MS = 1500;
const MARKS_A_SECOND = 200;
/** A call may fall between the step and the moment at which the kernel's programs learn of it. */
const WRONG_AT_MOST = 6;
const WRONG_NS = 50_000_000n;

export const CLOCK: Scenario = {
  name: 'clock',
  summary: 'the wall clock is set an hour forward, an hour back, and right again',
  seconds: 45,
  async run(session) {
    const path = markFile(session);
    const quiet = join(session.folder, 'quiet.jsonl');
    const receiver = await Receiver.start(session, 'refuses');
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), OWN_RULES],
      keep: (line) => line.includes(path),
      configuration: {
        file_output: { enabled: true, filename: quiet },
        noise: { outputs: { file: { repeat: '60s' } } },
        http_output: { enabled: true, url: receiver.url },
      },
    });
    const marking = startMarks(session, { path, rate: MARKS_A_SECOND });
    await sleep(1000);
    await promisify(execFile)(cProgram(join(import.meta.dirname, 'step-clock.c')), [
      String(STEP_S),
      String(session.quick ? PAUSE_MS / 4 : PAUSE_MS),
    ]);
    await sleep(1000);
    await marking.stop();
    const { marks } = marking;
    await agent.settled();
    // The pause between its attempts has grown to some seconds by now, and must not have grown to an hour.
    receiver.behave('takes');
    const healed = performance.now();
    while (receiver.taken < agent.lines && performance.now() - healed < 20_000) await sleep(50);
    const deliveredMs = performance.now() - healed;
    const inFile = readFileSync(quiet, 'utf8')
      .split('\n')
      .filter((line) => line.includes(path));
    const followed = marks.map((mark, index) => ({ mark, alert: agent.alerts[index] }));
    const wrong = followed.filter(({ mark, alert }) => alert && distance(timeOf(alert), mark.wall) > WRONG_NS);
    const lastWrong = followed.findLastIndex(
      ({ mark, alert }) => alert && distance(timeOf(alert), mark.wall) > WRONG_NS,
    );
    session.figure('calls and their alerts', `${marks.length}, ${agent.alerts.length}`);
    session.figure('from call to alert', spread(latencies(followed)));
    session.figure('alerts with the time before the step', `${wrong.length}`);
    session.figure('what was refused is taken after', `${(deliveredMs / 1000).toFixed(1)} s`);
    session.must(
      'each call has its alert',
      marks.length === agent.alerts.length,
      `${agent.alerts.length} of ${marks.length}`,
    );
    session.must(
      'alerts have the new time at once',
      wrong.length <= WRONG_AT_MOST && lastWrong < marks.length - MARKS_A_SECOND / 2,
      `${wrong.length} of ${marks.length} have the time of before (3 steps)`,
    );
    session.must(
      'an hour of noise control did not pass',
      inFile.length === 1,
      `${inFile.length} alert in the file, the rest held back`,
    );
    session.must(
      'a pause between attempts did not grow',
      receiver.taken >= agent.lines,
      `${receiver.taken} taken of ${agent.lines}`,
    );
    await mustAddUp(session, agent);
  },
};

function distance(one: bigint, other: bigint): bigint {
  return one < other ? other - one : one - other;
}
