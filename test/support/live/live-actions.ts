// Tests of rules by the actions that should make them fire: each action, and each of its near misses, is a test.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { type Action, rulesOf } from '../../../host/generate/actions/action.ts';
import { ACTIONS } from '../../../host/generate/actions/index.ts';
import { obstacle } from '../../../host/generate/obstacle.ts';
import { MARKER, type Performance, perform } from '../../../host/generate/perform.ts';
import { type Place, thisPlace } from '../../../host/generate/place.ts';
import { NEAR_MISSES } from '../../near-misses/index.ts';
import type { NearMiss } from '../../near-misses/near-miss.ts';
import type { AlertLine } from './alert-line.ts';
import { actProgram } from './live-act.ts';
import { LiveAgent } from './live-agent.ts';
import { Container, type ContainerOptions } from './live-container.ts';
import { placeIn } from './live-place.ts';

export interface ActionTests {
  /** Texts of the rule files, loaded as one set; rules that are disabled count as well. */
  readonly rules: readonly string[];
  /** By action: the container it is performed in. Default: an ordinary one, or a privileged one if the action needs that. */
  readonly containers?: Readonly<Record<string, ContainerOptions>>;
}

const IMAGE = 'registry.example/wasprey-live-test:1';
const ORDINARY: ContainerOptions = { image: IMAGE };
const PRIVILEGED: ContainerOptions = { image: IMAGE, privileged: true };

/** Defines the tests of all actions that a rule of the set should report. */
export function testActions(given: ActionTests): void {
  const { rules, errors } = loadRules(given.rules.map((text, index) => ({ name: `${index}.yaml`, text })));
  assert.deepEqual(errors, []);
  const order = rules.map(({ name }) => name);
  const stage = new Stage(given, order);
  before(() => stage.start());
  after(() => stage.stop());
  for (const action of ACTIONS) {
    const expected = rulesOf(action).filter((rule) => order.includes(rule));
    if (expected.length === 0) continue;
    describe(`${action.name}, for ${expected.join(', ')}`, () => {
      test(action.description, (context) => stage.hit(action, expected, (why) => context.skip(why)));
      for (const nearMiss of NEAR_MISSES[action.name] ?? []) {
        const { rules: close = expected } = nearMiss;
        const avoided = expected.filter((rule) => close.includes(rule));
        if (avoided.length === 0) continue;
        test(`not: ${nearMiss.what}`, async (context) => {
          await stage.miss(actionOf(action, nearMiss), avoided, nearMiss.mayBeRefused === true, (why) =>
            context.skip(why),
          );
        });
      }
    });
  }
}

/** As an action of its own; what it needs decides about its container if that is not what the action needs. */
function actionOf(action: Action, { what, where, needs, steps, leaves = () => [] }: NearMiss): Action {
  const name = needs ? `${action.name}, not ${what}` : action.name;
  return { ...action, name, where: where ?? action.where, needs: needs ?? action.needs ?? {}, steps, leaves };
}

/** Two agents, one for each way to choose among the rules that match, and the places where actions are performed. */
class Stage {
  readonly #given: ActionTests;
  readonly #order: readonly string[];
  readonly #containers = new Map<string, { readonly container: Container; readonly place: Place }>();
  #all: LiveAgent | undefined;
  #first: LiveAgent | undefined;

  /** @param order names of the rules, in definition order */
  constructor(given: ActionTests, order: readonly string[]) {
    this.#given = given;
    this.#order = order;
  }

  async start(): Promise<void> {
    actProgram();
    const options = { warnings: 'accepted', keep: (line: string) => MARKER.test(line) } as const;
    this.#all = await LiveAgent.start(this.#given.rules, { ...options, ruleMatching: 'all' });
    this.#first = await LiveAgent.start(this.#given.rules, { ...options, ruleMatching: 'first' });
  }

  async stop(): Promise<void> {
    for (const { container } of this.#containers.values()) container.stop();
    await this.#all?.stop();
    await this.#first?.stop();
  }

  async hit(action: Action, rules: readonly string[], skip: (why: string) => void): Promise<void> {
    const performance = await this.#perform(action, skip);
    if (!performance) return;
    const { all, first } = await this.#alerts(performance);
    for (const rule of rules) {
      assert.ok(
        all.some((alert) => alert.rule === rule),
        `no alert of "${rule}"; ${told(performance, all)}`,
      );
    }
    assert.deepEqual(first.map(({ rule }) => rule).sort(), this.#firstOfEach(all).sort(), 'rule matching: first');
  }

  async miss(
    action: Action,
    rules: readonly string[],
    mayBeRefused: boolean,
    skip: (why: string) => void,
  ): Promise<void> {
    const performance = await this.#perform(action, skip);
    if (!performance) return;
    if (!mayBeRefused) assert.deepEqual(performance.refused, [], 'what was not done is no near miss');
    const { all, first } = await this.#alerts(performance);
    const unexpected = [...all, ...first].filter(({ rule }) => rules.includes(rule));
    assert.deepEqual(
      unexpected.map(({ output }) => output),
      [],
    );
  }

  /** Undefined if it can't be performed here, for the reason in `skip`. */
  async #perform(action: Action, skip: (why: string) => void): Promise<Performance | undefined> {
    const place = this.#place(action);
    const why = obstacle(action, place);
    if (why !== undefined) {
      skip(why);
      return undefined;
    }
    const performance = await perform(action, place);
    assert.equal(performance.failure, undefined);
    return performance;
  }

  #place(action: Action): Place {
    if (action.where !== 'container') return thisPlace('host');
    const options =
      this.#given.containers?.[action.name] ??
      (action.needs?.privileged || action.needs?.capabilities ? PRIVILEGED : ORDINARY);
    const key = JSON.stringify(options);
    const known = this.#containers.get(key);
    if (known) return known.place;
    const container = new Container(options);
    const place = placeIn(container, options);
    this.#containers.set(key, { container, place });
    return place;
  }

  async #alerts({ scene }: Performance): Promise<{ all: AlertLine[]; first: AlertLine[] }> {
    assert.ok(this.#all && this.#first, 'the agents were not started');
    await this.#all.settled();
    await this.#first.settled();
    return { all: this.#all.marked(scene.marker), first: this.#first.marked(scene.marker) };
  }

  /** The rules that `first` reports of the events that these alerts are of: of each event, the rule that was defined first. */
  #firstOfEach(all: readonly AlertLine[]): string[] {
    const events = Map.groupBy(all, ({ output_fields: fields }) => fields['evt.time']);
    return [...events.values()].map((alerts) => {
      const names = alerts.map(({ rule }) => rule);
      return this.#order.find((name) => names.includes(name)) ?? '';
    });
  }
}

function told({ refused, scene }: Performance, alerts: readonly AlertLine[]): string {
  const others = alerts.map(({ output }) => `\n  ${output}`).join('');
  return `refused: ${refused.join(', ') || 'nothing'}; alerts with ${scene.marker}:${others || ' none'}`;
}
