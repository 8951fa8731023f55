// Changes of rule files are seen however they are made, and come into use only if all is well with them.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { PathWatch } from '../../../host/daemon/hot-reload/path-watch.ts';
import { RuleReloader, type RuleSnapshot, RulesRefused } from '../../../host/daemon/hot-reload/reloader.ts';
import { placesOf } from '../../../host/daemon/hot-reload/watched-places.ts';

const PATIENCE_MS = 10_000;

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-watch-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Counts what is reported; never by looking, unless the test is about that. */
class Told {
  count = 0;
  readonly watch: PathWatch;
  #seen = 0;

  constructor(t: TestContext, paths: readonly string[], pollMs = 3_600_000) {
    this.watch = new PathWatch(paths, {
      onChange: () => {
        this.count++;
      },
      onTrouble: (message) => assert.fail(message),
      times: { quietMs: 30, mostMs: 300, pollMs },
    });
    t.after(() => this.watch.close());
  }

  /** Does something and waits until it is reported. */
  async of(what: string, work: () => void): Promise<void> {
    work();
    const deadline = performance.now() + PATIENCE_MS;
    while (this.count === this.#seen) {
      assert.ok(performance.now() < deadline, `nothing was told of: ${what}`);
      await pause(10);
    }
    // A late report of the same change must not count as the next.
    await pause(200);
    this.#seen = this.count;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe('changes are reported', () => {
  test('of a file: written, replaced by an editor, removed, made again', async (t) => {
    const folder = folderFor(t);
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, 'one');
    const told = new Told(t, [file]);
    await told.of('a write', () => writeFileSync(file, 'two'));
    await told.of('a rename over it', () => {
      writeFileSync(join(folder, '.rules.yaml.swp'), 'three');
      renameSync(join(folder, '.rules.yaml.swp'), file);
    });
    await told.of('a write after that', () => writeFileSync(file, 'four'));
    await told.of('its removal', () => unlinkSync(file));
    await told.of('that it is back', () => writeFileSync(file, 'five'));
  });

  test('of a folder: a new file, and another folder in its place', async (t) => {
    const folder = folderFor(t);
    const rules = join(folder, 'etc', 'rules.d');
    mkdirSync(rules, { recursive: true });
    const told = new Told(t, [rules]);
    await told.of('a new file', () => writeFileSync(join(rules, 'a.yaml'), 'a'));
    await told.of('its removal with all above it', () => rmSync(join(folder, 'etc'), { recursive: true }));
    await told.of('that it is back', () => {
      mkdirSync(rules, { recursive: true });
      writeFileSync(join(rules, 'a.yaml'), 'b');
    });
    await told.of('a write in the new one', () => writeFileSync(join(rules, 'a.yaml'), 'c'));
    await told.of('another folder in its place', () => {
      renameSync(rules, join(folder, 'etc', 'old'));
      mkdirSync(join(folder, 'etc', 'new'));
      renameSync(join(folder, 'etc', 'new'), rules);
    });
    await told.of('a write in that', () => writeFileSync(join(rules, 'b.yaml'), 'd'));
  });

  test('of a ConfigMap, whose files are links through a link that is replaced', async (t) => {
    const mount = folderFor(t);
    const publish = (version: string): void => {
      mkdirSync(join(mount, version));
      writeFileSync(join(mount, version, 'rules.yaml'), version);
      symlinkSync(version, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    publish('..2026_01');
    symlinkSync('..data/rules.yaml', join(mount, 'rules.yaml'));
    const [ofFile, ofFolder] = [new Told(t, [join(mount, 'rules.yaml')]), new Told(t, [mount])];
    for (const version of ['..2026_02', '..2026_03']) {
      await Promise.all([ofFile.of(version, () => publish(version)), ofFolder.of(version, () => {})]);
    }
  });

  test('by looking, where a link leads to what is not watched', async (t) => {
    const folder = folderFor(t);
    const elsewhere = folderFor(t);
    writeFileSync(join(elsewhere, 'rules'), 'one');
    symlinkSync(join(elsewhere, 'rules'), join(folder, 'rules.yaml'));
    const told = new Told(t, [folder], 50);
    await told.of('a write', () => writeFileSync(join(elsewhere, 'rules'), 'other'));
  });

  test('by looking, where a path leads to what no path can be', async (t) => {
    const folder = folderFor(t);
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, 'one');
    const troubles: string[] = [];
    let told = 0;
    const watch = new PathWatch([file], {
      onChange: () => told++,
      onTrouble: (message) => troubles.push(message),
      times: { quietMs: 30, mostMs: 300, pollMs: 50 },
    });
    t.after(() => watch.close());
    const change = async (work: () => void): Promise<void> => {
      const before = told;
      work();
      for (const end = performance.now() + PATIENCE_MS; told === before && performance.now() < end; ) await pause(10);
      assert.ok(told > before);
    };
    await change(() => {
      unlinkSync(file);
      symlinkSync('x'.repeat(300), file);
    });
    assert.match(troubles.join(), /^files are checked for changes every .*ENAMETOOLONG/);
    await change(() => {
      unlinkSync(file);
      writeFileSync(file, 'two');
    });
    await change(() => writeFileSync(file, 'three'));
  });

  test('not of other files beside one, and once for many writes', async (t) => {
    const folder = folderFor(t);
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, 'one');
    const told = new Told(t, [file]);
    for (let write = 0; write < 20; write++) writeFileSync(join(folder, 'other.yaml'), `${write}`);
    await pause(200);
    assert.equal(told.count, 0);
    await told.of('many writes', () => {
      for (let write = 0; write < 20; write++) writeFileSync(file, `${write}`);
    });
    assert.equal(told.count, 1);
  });

  test('links that lead in a circle end', (t) => {
    const folder = folderFor(t);
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    assert.deepEqual([...(placesOf([join(folder, 'a')]).get(folder) ?? [])].sort(), ['a', 'b']);
  });
});

/** Rules that a test changes at will. */
class Rules {
  content = 'first';
  readonly events: string[] = [];
  /** Resolves what is being loaded; undefined: loads at once. */
  gate: Promise<void> | undefined;
  readonly reloader = new RuleReloader('first', {
    read: () => this.#read(),
    replace: () => Promise.resolve(),
    onReplaced: () => this.events.push(`replaced by ${this.loaded}`),
    onRefused: ({ message }) => this.events.push(`refused: ${message}`),
    onRestored: () => this.events.push('restored'),
    patienceMs: 50,
  });
  loaded = '';

  async #read(): Promise<RuleSnapshot> {
    const { content } = this;
    if (content === 'gone') throw new RulesRefused('it is gone');
    return {
      hash: content,
      load: async () => {
        await this.gate;
        if (content.startsWith('bad')) throw new RulesRefused(`${content} is wrong`);
        this.loaded = content;
        return [];
      },
    };
  }
}

describe('rules that have changed', () => {
  test('come into use once; what is wrong is reported once, until it changes', async () => {
    const rules = new Rules();
    assert.equal(await rules.reloader.reload(), 'unchanged');
    rules.content = 'second';
    assert.equal(await rules.reloader.reload(), 'replaced');
    assert.equal(await rules.reloader.reload(), 'unchanged');
    for (const bad of ['bad', 'gone']) {
      rules.content = bad;
      assert.equal(await rules.reloader.reload(), 'refused');
      assert.equal(await rules.reloader.reload(), 'refused');
    }
    rules.content = 'second';
    assert.equal(await rules.reloader.reload(), 'unchanged');
    assert.equal(await rules.reloader.reload(), 'unchanged');
    rules.content = 'gone';
    assert.equal(await rules.reloader.reload(), 'refused');
    assert.equal(await rules.reloader.reload(true), 'refused');
    rules.content = 'second';
    assert.equal(await rules.reloader.reload(true), 'replaced');
    assert.deepEqual(rules.events, [
      'replaced by second',
      'refused: bad is wrong',
      'refused: it is gone',
      'restored',
      'refused: it is gone',
      'refused: it is gone',
      'replaced by second',
    ]);
  });

  test('that were written half are not complained of when the rest comes soon', async () => {
    const rules = new Rules();
    rules.content = 'bad half';
    const result = rules.reloader.reload();
    await pause(20);
    rules.content = 'whole';
    assert.equal(await result, 'replaced');
    assert.deepEqual(rules.events, ['replaced by whole']);
  });

  test('while others are loaded are loaded after them, once', async () => {
    const rules = new Rules();
    const gate = Promise.withResolvers<void>();
    rules.gate = gate.promise;
    rules.content = 'second';
    const first = rules.reloader.reload();
    await pause(20);
    const later = ['third', 'fourth', 'fifth'].map((content) => {
      rules.content = content;
      return rules.reloader.reload();
    });
    gate.resolve();
    assert.equal(await first, 'replaced');
    assert.deepEqual(await Promise.all(later), ['replaced', 'replaced', 'replaced']);
    assert.deepEqual(rules.events, ['replaced by second', 'replaced by fifth']);
  });
});
