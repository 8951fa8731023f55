// The watch by which pods are followed: through restarts of the API server, expired watches and tokens, a server that is busy and answers that make
// no sense.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { ApiServer, reply } from '../../support/servers/api-server.ts';
import { pod, UID } from '../../support/servers/cluster-pods.ts';
import { Follower } from '../../support/servers/pod-follower.ts';
import { until } from '../../support/until.ts';

describe('metadata: pods', () => {
  it('the token file of a kubeconfig is read for each request', async () => {
    await using server = await ApiServer.start();
    const shown: (string | undefined)[] = [];
    server.intercept = (_url, _response, { headers }) => {
      shown.push(headers.authorization);
      return false;
    };
    await using follower = new Follower(server);
    await until(() => server.watchers > 0);
    assert.deepEqual([...new Set(shown)], ['Bearer first']);
    writeFileSync(join(dirname(server.kubeconfig), 'token'), 'second\n');
    server.endWatches();
    await until(() => shown.includes('Bearer second'));
    assert.deepEqual(follower.lines, []);
  });

  for (const how of ['by status', 'in the stream'] as const) {
    it(`a watch that has expired (410 ${how}) is begun anew with a list`, async () => {
      await using server = await ApiServer.start();
      server.put(pod());
      server.put(pod('gone'));
      await using follower = new Follower(server);
      await follower.known('gone');
      await until(() => server.watchers > 0);
      if (how === 'by status') {
        let refused = false;
        server.intercept = (url, response) => {
          if (refused || !url.searchParams.get('watch')) return false;
          refused = true;
          reply(response, 410);
          return true;
        };
      }
      server.forget('gone');
      if (how === 'in the stream')
        server.tell({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } });
      server.endWatches();
      await until(() => follower.pods.size.pods === 1);
      server.put(pod('later'));
      await follower.known('later');
      assert.ok(follower.count('expired') === 1);
      assert.deepEqual(follower.lines, []);
    });
  }

  it('what is listed anew is no older than what was seen, and from the cache as long as the server can', async () => {
    await using server = await ApiServer.start();
    const lists: (string | null)[][] = [];
    server.intercept = (url, response) => {
      if (url.pathname !== '/api/v1/pods') return false;
      if (url.searchParams.get('watch')) {
        if (lists.length > 2) return false;
        reply(response, 410);
        return true;
      }
      lists.push(['resourceVersion', 'limit'].map((name) => url.searchParams.get(name)));
      if (lists.length !== 2) return false;
      reply(response, 410);
      return true;
    };
    server.put(pod());
    await using follower = new Follower(server);
    await until(() => server.watchers > 0);
    assert.deepEqual(lists, [
      ['0', '250'],
      ['1001', null],
      [null, '250'],
    ]);
    assert.equal(follower.count('expired'), 2);
  });

  it('a watch that fails each time is begun with a list less and less often', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const timers = t.mock.method(globalThis, 'setTimeout');
    await using server = await ApiServer.start();
    let lists = 0;
    server.intercept = (url, response) => {
      if (!url.searchParams.get('watch')) lists++;
      else reply(response, 500);
      return url.searchParams.get('watch') !== null;
    };
    await using follower = new Follower(server);
    for (let [failures, longest] = [1, 200]; failures <= 6; failures++, longest *= 2) {
      await until(() => follower.count('error') === failures);
      assert.equal(lists, failures);
      // The latest timer is that of the wait for the next attempt.
      const wait = timers.mock.calls.at(-1)?.arguments[1] ?? 0;
      assert.ok(wait >= longest / 2 && wait <= longest, `${wait} ms after failure ${failures}`);
      t.mock.timers.tick(longest);
    }
  });

  it('a server that has too much to do need not list again', async () => {
    await using server = await ApiServer.start();
    let [lists, refused] = [0, 0];
    server.intercept = (url, response) => {
      if (url.pathname !== '/api/v1/pods') return false;
      if (!url.searchParams.get('watch')) lists++;
      else if (++refused <= 2) {
        reply(response, 429);
        return true;
      }
      return false;
    };
    await using follower = new Follower(server);
    await until(() => server.watchers > 0);
    server.put(pod());
    await follower.known();
    assert.deepEqual([lists, follower.count('busy')], [1, 2]);
  });

  it('goes on where it was after the server was restarted, with one line written', async () => {
    await using server = await ApiServer.start();
    server.put(pod());
    await using follower = new Follower(server);
    await follower.known();
    const { port } = server;
    await server.stop();
    await until(() => follower.count('unreachable') >= 3);
    // What is known stays known; what is not is not waited for.
    assert.equal(follower.pods.find(UID).state, 'known');
    assert.deepEqual(follower.pods.find('unknown'), { state: 'failed', failure: 'no-answer' });
    await server.listen(port);
    await until(() => server.watchers > 0);
    server.put(pod('later'));
    await follower.known('later');
    assert.equal(follower.lines.length, 1);
    assert.match(follower.lines[0] ?? '', /^No metadata from the Kubernetes API server: /);
  });

  it('a server that is not there at the start is followed when it comes', async () => {
    await using server = await ApiServer.start();
    const { port } = server;
    await server.stop();
    await using follower = new Follower(server);
    await until(() => follower.count('unreachable') > 0);
    await server.listen(port);
    server.put(pod());
    await follower.known();
  });

  it('a token that is refused does not end it: the next attempt is made', async () => {
    await using server = await ApiServer.start();
    let refused = 0;
    server.intercept = (url, response) => {
      if (url.pathname !== '/api/v1/pods' || ++refused > 2) return false;
      reply(response, 401, { kind: 'Status', message: 'Unauthorized\nnot a line of its own', code: 401 });
      return true;
    };
    server.put(pod());
    await using follower = new Follower(server);
    await follower.known();
    assert.equal(follower.count('denied'), 2);
    assert.deepEqual(
      follower.lines.map((line) => line.includes('\n')),
      [false],
    );
  });

  it('what makes no sense in a watch does not end it for good', async () => {
    await using server = await ApiServer.start();
    await using follower = new Follower(server);
    await until(() => server.watchers > 0);
    server.tell({ type: 'ADDED', object: { metadata: { uid: 7, labels: [] } } });
    server.tell({ type: 'ADDED' });
    server.tell([]);
    server.intercept = (url, response) => {
      if (!url.searchParams.get('watch')) return false;
      server.intercept = () => false;
      response.writeHead(200);
      response.write('{"type": "ADDED", \n');
      return true;
    };
    server.endWatches();
    await until(() => follower.count('invalid') === 1);
    server.put(pod());
    await follower.known();
  });

  it('an event without end is cut off', async () => {
    await using server = await ApiServer.start();
    server.intercept = (url, response) => {
      if (!url.searchParams.get('watch')) return false;
      server.intercept = () => false;
      response.writeHead(200);
      for (let megabyte = 0; megabyte < 6; megabyte++) response.write(Buffer.alloc(1 << 20, 'x'));
      return true;
    };
    await using follower = new Follower(server);
    await until(() => follower.count('invalid') === 1);
    server.put(pod());
    await follower.known();
  });

  it('a list comes in pages', async () => {
    await using server = await ApiServer.start();
    server.intercept = (url, response) => {
      if (url.pathname !== '/api/v1/pods' || url.searchParams.get('watch')) return false;
      const next = url.searchParams.get('continue');
      const metadata = next ? { resourceVersion: '9' } : { resourceVersion: '9', continue: 'page two' };
      reply(response, 200, { metadata, items: [pod(next ? 'second' : 'first')] });
      return true;
    };
    await using follower = new Follower(server);
    await follower.known('first');
    await follower.known('second');
  });
});
