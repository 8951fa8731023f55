// The registry client against servers that a test makes: access, and answers of a registry that is not to be trusted.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { followedPlaces } from '../../../host/daemon/places/followed-places.ts';
import { pullArtifact, RULES_LAYER_TYPE } from '../../../host/registry/artifact.ts';
import { digestOf, RegistryClient } from '../../../host/registry/client.ts';
import { credentialsFor } from '../../../host/registry/credentials.ts';
import { RegistryError, type RegistryErrorCode } from '../../../host/registry/error.ts';
import { guardedFetch } from '../../../host/registry/guarded-fetch.ts';
import { formatReference, parseReference } from '../../../host/registry/reference.ts';
import { filesOfTar } from '../../../host/registry/tar.ts';
import { Authority } from '../../support/servers/authority.ts';

/** Of the configuration of rule files, as falcoctl pushes them. */
const RULES_CONFIG_TYPE = 'application/vnd.cncf.falco.rulesfile.config.v1+json';

type Handler = (request: IncomingMessage, response: ServerResponse, host: string) => void;

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

async function serve(handler: Handler): Promise<string> {
  let host = '';
  const server = createServer((request, response) => handler(request, response, host));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  host = `127.0.0.1:${address.port}`;
  return host;
}

function client(host: string, credentials?: { user: string; password: string }): RegistryClient {
  return new RegistryClient(parseReference(`oci://${host}/a/b:1`), { credentials });
}

const hasCode = (code: RegistryErrorCode) => (error: unknown) => {
  assert.ok(error instanceof RegistryError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

describe('references', () => {
  test('are read as they are written', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    for (const text of [
      'oci://h/r:latest',
      'oci://h.example:5000/a/b-c/d_e:V1.2_x',
      `oci://h/r@${digest}`,
      `oci://[::1]:5000/r:1@${digest}`,
    ]) {
      assert.equal(formatReference(parseReference(text)), text);
    }
    assert.equal(parseReference('oci://h/r').tag, 'latest');
  });

  test('of another form are refused', () => {
    for (const text of [
      '',
      'h/r',
      'https://h/r',
      'oci://h',
      'oci://h/R',
      'oci://h/../r',
      'oci://h/r:',
      'oci://h/r@sha256:1',
      'oci://h/r:a b',
      'oci://u@h/r',
      `oci://h/${'a'.repeat(600)}`,
    ]) {
      assert.throws(() => parseReference(text), hasCode('REGISTRY_REFERENCE'), text);
    }
  });

  test('of any form are read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'oci:/@[].-_aZ09%\0\n') }), (rest) => {
        try {
          const { host, repository } = parseReference(`oci://${rest}`);
          assert.doesNotMatch(host + repository, /[@%\s]|\.\.\//);
        } catch (error) {
          hasCode('REGISTRY_REFERENCE')(error);
        }
      }),
    );
  });
});

describe('access', () => {
  const manifest = '{}';

  test('by user and password', async () => {
    const host = await serve(({ headers }, response) => {
      if (headers.authorization === `Basic ${btoa('me:secret')}`) response.end(manifest);
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    });
    assert.equal(
      (await client(host, { user: 'me', password: 'secret' }).manifest('1'))?.digest,
      digestOf(Buffer.from(manifest)),
    );
    await assert.rejects(client(host).manifest('1'), hasCode('REGISTRY_UNAUTHORIZED'));
    await assert.rejects(client(host, { user: 'me', password: 'no' }).manifest('1'), hasCode('REGISTRY_UNAUTHORIZED'));
  });

  test('by a token, once for many requests', async () => {
    let tokens = 0;
    const host = await serve(({ url = '', headers }, response, self) => {
      if (url.startsWith('/token?')) {
        tokens++;
        assert.equal(new URL(url, 'http://x').searchParams.get('scope'), 'repository:a/b:pull');
        response.end('{"token":"t0"}');
      } else if (headers.authorization === 'Bearer t0') response.end(manifest);
      else
        response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="http://${self}/token",service="s",scope="repository:a/b:pull"`,
          })
          .end();
    });
    const anybody = client(host);
    await anybody.manifest('1');
    await anybody.manifest('2');
    assert.equal(tokens, 1);
  });

  test('a password goes to no service without TLS elsewhere', async () => {
    const host = await serve((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://192.0.2.1/token"' }).end(),
    );
    await assert.rejects(
      client(host, { user: 'me', password: 'secret' }).manifest('1'),
      hasCode('REGISTRY_UNAUTHORIZED'),
    );
  });

  test('an endless token answer is refused', { timeout: 10_000 }, async () => {
    let sent = 0;
    const host = await serve(({ url = '' }, response, self) => {
      if (!url.startsWith('/token')) {
        response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${self}/token"` }).end();
        return;
      }
      const more = (): void => {
        sent += 65536;
        if (response.write(Buffer.alloc(65536, ' '))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    });
    await assert.rejects(client(host).manifest('1'), hasCode('REGISTRY_UNAUTHORIZED'));
    assert.ok(sent < 50e6, `${sent} bytes were taken`);
  });

  test('credentials are those of the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wasprey-auth-'));
    const path = join(folder, 'config.json');
    const write = (content: string) => writeFileSync(path, content);
    write(JSON.stringify({ auths: { h: { auth: btoa('me:a:b') }, bad: { auth: btoa('nothing') } } }));
    assert.deepEqual(credentialsFor('h', path), { user: 'me', password: 'a:b' });
    assert.equal(credentialsFor('other', path), undefined);
    assert.throws(() => credentialsFor('bad', path), hasCode('REGISTRY_CREDENTIALS'));
    write('{"credsStore":"desktop"}');
    assert.throws(() => credentialsFor('h', path), hasCode('REGISTRY_CREDENTIALS'));
    write('no JSON');
    assert.throws(() => credentialsFor('h', path), hasCode('REGISTRY_CREDENTIALS'));
    assert.throws(() => credentialsFor('h', folder), /can't read .*: it is a folder$/);
    rmSync(folder, { recursive: true });
    assert.throws(() => credentialsFor('h', path), hasCode('REGISTRY_CREDENTIALS'));
  });
});

test('a registry whose certificate is not trusted is reported with what to do, which is nothing of Node.js', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-registry-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { certificate, key } = new Authority(folder).issue('registry');
  const server = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const reference = parseReference(`oci://127.0.0.1:${address.port}/a/b:1`);
  await assert.rejects(new RegistryClient(reference, { plainHttp: false }).resolve('1'), (error) => {
    assert.ok(error instanceof RegistryError);
    assert.match(error.message, /certificate/);
    assert.doesNotMatch(error.message, /Node/);
    assert.match(error.help ?? '', /NODE_EXTRA_CA_CERTS/);
    return error.code === 'REGISTRY_UNREACHABLE';
  });
});

describe('answers that are not to be trusted', () => {
  const blob = Buffer.from('content');
  const rulesManifest = (size: number) =>
    JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: RULES_CONFIG_TYPE },
      layers: [{ mediaType: RULES_LAYER_TYPE, digest: digestOf(blob), size }],
    });

  test('a manifest or blob with another digest', async () => {
    const host = await serve((_, response) => response.end('other'));
    await assert.rejects(client(host).manifest(digestOf(blob)), hasCode('REGISTRY_CONTENT'));
    const descriptor = { mediaType: 'x', digest: digestOf(blob), size: 5 };
    await assert.rejects(client(host).blob(descriptor, 100), hasCode('REGISTRY_CONTENT'));
  });

  test('one without end', async () => {
    const host = await serve((_, response) => {
      const more = (): void =>
        void (response.write(Buffer.alloc(65536)) ? setImmediate(more) : response.once('drain', more));
      more();
    });
    await assert.rejects(client(host).manifest('1'), hasCode('REGISTRY_CONTENT'));
  });

  test('one that breaks off, and one that is refused', async () => {
    const broken = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('a');
      setTimeout(() => response.destroy(), 10);
    });
    await assert.rejects(client(broken).manifest('1'), hasCode('REGISTRY_UNREACHABLE'));
    const failing = await serve((_, response) => response.writeHead(500).end());
    await assert.rejects(client(failing).manifest('1'), hasCode('REGISTRY_ANSWER'));
  });

  test('invalid manifests and invalid layers are refused', async () => {
    let answer: string | Buffer = '';
    const host = await serve(({ url = '' }, response) => response.end(url.includes('/blobs/') ? blob : answer));
    for (answer of [
      '',
      '[]',
      '{"schemaVersion":2}',
      rulesManifest(1e9),
      rulesManifest(-1),
      rulesManifest(blob.length),
    ]) {
      await assert.rejects(pullArtifact(client(host), '1'), hasCode('REGISTRY_CONTENT'), String(answer));
    }
  });

  const header = (name: string, size: number, type = '0'): Buffer => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write(size.toString(8).padStart(11, '0'), 124);
    block.fill(' ', 148, 156);
    block.write(type, 156);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return block;
  };

  test('two files of one name, or one whose name is more than a name', async () => {
    for (const [names, reason] of [
      [['a/rules.yaml', 'b/rules.yaml'], /two files named rules\.yaml/],
      [['\u001b[2Jrules.yaml'], /control characters/],
    ] as const) {
      const archive = Buffer.concat([...names.map((name) => header(name, 0)), Buffer.alloc(1024)]);
      const packed = gzipSync(archive);
      const manifest = JSON.stringify({
        schemaVersion: 2,
        config: { mediaType: RULES_CONFIG_TYPE },
        layers: [{ mediaType: RULES_LAYER_TYPE, digest: digestOf(packed), size: packed.length }],
      });
      const host = await serve(({ url = '' }, response) => response.end(url.includes('/blobs/') ? packed : manifest));
      await assert.rejects(pullArtifact(client(host), '1'), (error: RegistryError) => {
        assert.match(error.message, reason);
        return hasCode('REGISTRY_CONTENT')(error);
      });
    }
  });

  test('archives of any bytes give files or an error, and no path', () => {
    const archive = Buffer.concat([
      header('../../etc/rules.yaml', 3),
      Buffer.from('abc'.padEnd(512, '\0')),
      Buffer.alloc(1024),
    ]);
    assert.deepEqual(filesOfTar(archive), [{ name: 'rules.yaml', content: archive.subarray(512, 515) }]);
    fc.assert(
      fc.property(
        fc.nat({ max: archive.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        fc.nat({ max: archive.length }),
        (index, byte, end) => {
          const changed = Buffer.from(archive.subarray(0, end));
          if (index < changed.length) changed[index] = byte;
          try {
            for (const { name } of filesOfTar(changed)) assert.ok(!name.includes('/'));
          } catch (error) {
            assert.ok(
              error instanceof Error && !(error instanceof TypeError || error instanceof RangeError),
              String(error),
            );
          }
        },
      ),
    );
  });

  test('an archive that unpacks to far more than it says', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    const manifest = JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: RULES_CONFIG_TYPE },
      layers: [{ mediaType: RULES_LAYER_TYPE, digest: digestOf(bomb), size: bomb.length }],
    });
    const host = await serve(({ url = '' }, response) => response.end(url.includes('/blobs/') ? bomb : manifest));
    await assert.rejects(pullArtifact(client(host), '1'), hasCode('REGISTRY_CONTENT'));
  });

  test('layers that each unpack to what is allowed, and together to gigabytes', async () => {
    const content = Buffer.alloc(40 * 1024 * 1024, ' ');
    const packed = gzipSync(Buffer.concat([header('rules.txt', content.length), content]));
    const layer = { mediaType: RULES_LAYER_TYPE, digest: digestOf(packed), size: packed.length };
    const manifest = JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: RULES_CONFIG_TYPE },
      layers: Array(64).fill(layer),
    });
    let blobs = 0;
    const host = await serve(({ url = '' }, response) => {
      if (url.includes('/blobs/')) blobs++;
      response.end(url.includes('/blobs/') ? packed : manifest);
    });
    await assert.rejects(pullArtifact(client(host), '1'), hasCode('REGISTRY_CONTENT'));
    assert.equal(blobs, 2);
  });

  test('an archive of nothing but folders', () => {
    const folder = header('folder', 0, '5');
    assert.deepEqual(filesOfTar(Buffer.concat(Array(4000).fill(folder))), []);
    assert.throws(() => filesOfTar(Buffer.concat(Array(4001).fill(folder))), /more than 4000 entries/);
  });
});

test('each artifact that is followed has a folder of its own, whatever is in its name', () => {
  const references = ['h:5000/a/b', 'h_5000/a/b', 'h:5000/a_b', 'h:5000/a/b:1', 'h:5000/a/b_1', 'h:5000/a/b@sha256:1'];
  const follow = references.map((reference) => ({ reference: `oci://${reference}` }));
  const places = followedPlaces({ follow, follow_folder: '/followed' });
  assert.equal(new Set(places).size, references.length, places.join());
  for (const place of places) assert.match(place, /^\/followed\/[^/]+\/[^/]+$/);
});

describe('where a registry leads to', () => {
  const metadata = 'http://169.254.169.254/latest/meta-data/';
  test('is not gone to on the link, nor on this machine', async () => {
    const reached: string[] = [];
    const inner = await serve((request, response) => {
      reached.push(request.url ?? '');
      response.end('secret');
    });
    for (const target of [metadata, 'http://[fe80::1]/', 'http://[::ffff:169.254.169.254]/']) {
      const host = await serve((_, response) => response.writeHead(307, { location: target }).end());
      await assert.rejects(client(host).manifest('1'), hasCode('REGISTRY_ANSWER'));
    }
    // The first request is answered in place of a registry elsewhere, whose name is none of this machine.
    const url = new URL(`http://${inner}/secret`);
    for (const target of [
      url,
      new URL(`http://localhost:${url.port}/secret`),
      new URL(`http://0.0.0.0:${url.port}/`),
    ]) {
      await assert.rejects(guardedFetch('registry.example', target, {}), hasCode('REGISTRY_ANSWER'));
    }
    assert.deepEqual(reached, []);
  });

  test('is gone to elsewhere, without the authorization, and not for ever', async () => {
    const seen: (string | undefined)[] = [];
    const storage = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const host = await serve((request, response) => {
      if (request.url?.endsWith('/1')) response.writeHead(307, { location: `http://${storage}/x` }).end();
      else response.writeHead(302, { location: request.url }).end();
    });
    const url = new URL(`http://${host}/1`);
    const response = await guardedFetch(host, url, { headers: { authorization: 'Basic eA==' } });
    assert.equal(await response.text(), '{}');
    assert.deepEqual(seen, [undefined]);
    await assert.rejects(client(host).manifest('2'), hasCode('REGISTRY_ANSWER'));
  });
});
