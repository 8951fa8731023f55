// Time of modules: one that is slow for each process, and bursts of alerts of all rules. Neither may cost the other rules their evaluation.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileModule } from '../../host/compiler/compile.ts';
import { MANIFEST_SECTION } from '../../host/compiler/manifest.ts';
import { writeCustomSection } from '../../host/sandbox/sections.ts';
import { act, str } from '../support/live/live-act.ts';
import { AT_FDCWD, O, SIGCHLD } from '../support/live/live-numbers.ts';
import { slowCandidates } from '../support/records/hand-made-module.ts';
import { rulesOf } from '../support/records/rule-module.ts';
import { ruleModule } from '../support/sandbox/wasm-builder.ts';
import { SoakAgent } from './agent.ts';
import { mustAddUp } from './drops.ts';
import { follow, latencies, spread, startMarks } from './marks.ts';
import { MARK, soakRules } from './rules.ts';
import type { Scenario, Session } from './scenario.ts';
import { count } from './table.ts';

const SET_ASIDE = 'Wasprey internal: rule module set aside';
const LEVELS = 20;
const BURST_RULES = 10;

export const SLOW_MODULE: Scenario = {
  name: 'slow-module',
  summary: 'a module that takes milliseconds for each process, and 3,000 forks',
  seconds: 60,
  async run(session) {
    const module = join(session.folder, 'slow.wasm');
    writeFileSync(module, await slowModule());
    const agent = await SoakAgent.start(session, { rules: [soakRules()], options: ['-m', module] });
    const marks = startMarks(session, { rate: 20, calls: session.quick ? 20 : 100 });
    await act([
      ['@loop', session.quick ? 500 : 3000],
      ['clone', SIGCHLD],
    ]);
    await marks.done;
    await agent.settled();
    const followed = follow(marks.marks, agent.alerts);
    await agent.stop();
    const found = agent.internal.find(({ rule }) => rule === SET_ASIDE);
    session.must('the slow module is set aside', found !== undefined, found?.output ?? 'no alert of it');
    session.figure('alerts of marked calls', `${latencies(followed).length} of ${followed.length}`);
    session.figure('  from call to alert', spread(latencies(followed)));
    session.must(
      'the other rules are evaluated',
      latencies(followed).length === followed.length,
      `${latencies(followed).length} of ${followed.length} alerts`,
    );
    await mustAddUp(session, agent);
  },
};

export const ALERT_BURSTS: Scenario = {
  name: 'alert-bursts',
  summary: `a process opens a file below ${LEVELS} directories, and ${BURST_RULES} rules match each time`,
  seconds: 120,
  async run(session) {
    const deep = join(session.folder, ...Array.from({ length: LEVELS }, (_, level) => `level-${level}`));
    mkdirSync(deep, { recursive: true });
    const file = join(deep, 'file');
    writeFileSync(file, '');
    const rules = join(session.folder, 'bursts.yaml');
    writeFileSync(rules, burstRules(session.folder));
    const configuration = { rule_matching: 'all' };
    const keep = (line: string): boolean => line.includes(MARK);
    const agent = await SoakAgent.start(session, { rules: [soakRules(), rules], configuration, keep });
    const calls = session.quick ? 2000 : 20_000;
    await act([
      ['@loop', calls],
      ['openat', AT_FDCWD, str(file), O.RDONLY],
      ['close', 'r'],
    ]);
    await agent.settled(60_000);
    const metrics = await agent.metricsOfNow();
    session.figure('matches', count(metrics.sum('wasprey_matches_total')));
    session.figure('  dropped, which is reported', count(metrics.sum('wasprey_matches_dropped_total')));
    const setAside = metrics.sum('wasprey_rule_modules_set_aside_total');
    await mustAddUp(session, agent);
    await agent.stop();
    session.must('no module is set aside', setAside === 0, `${setAside} times`);
  },
};

/** A module of one rule, which is slow to find out whether a process can match it. */
async function slowModule(): Promise<Uint8Array> {
  const { manifest } = await compileModule(rulesOf(['evt.type = openat and proc.name = soak-nobody']));
  const wasm = ruleModule({ candidates: slowCandidates(4) });
  return writeCustomSection(wasm, MANIFEST_SECTION, Buffer.from(JSON.stringify(manifest)));
}

function burstRules(folder: Session['folder']): string {
  const rules = Array.from({ length: BURST_RULES }, (_, number) => ({
    rule: `Burst ${number}`,
    desc: 'A load of the soak.',
    condition: `evt.type = openat and fd.name startswith ${folder}`,
    output: 'file=%fd.name command=%proc.cmdline ancestors=%proc.aname',
    priority: 'WARNING',
  }));
  return JSON.stringify(rules); // JSON is YAML
}
