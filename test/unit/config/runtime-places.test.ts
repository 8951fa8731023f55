// Where container runtimes are, by the configuration.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the configuration's variables

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kubernetesPlace, runtimePlaces } from '../../../host/daemon/places/metadata-places.ts';
import { usualPlaces } from '../../../host/metadata/directory/runtime-places.ts';
import { load, mistakes } from '../../support/config-files.ts';

describe('container runtimes', () => {
  it('are those of container_engines, or of the container plugin', () => {
    const engines =
      'docker: {enabled: false}, podman: {sockets: [/a, /b]}, cri: {sockets: [/c]}, containerd: {enabled: true, sockets: [/d, /c]}';
    const plugin = `plugins: [{name: other}, {name: container, library_path: x.so, init_config: {with_size: true, engines: {${engines}}}}]`;
    for (const text of [`container_engines: {${engines}}`, plugin]) {
      const { dockerSocket, podmanSocket, criSockets } = runtimePlaces(load(text).configuration);
      assert.deepEqual(
        { dockerSocket, podmanSocket, criSockets },
        { dockerSocket: '', podmanSocket: '/a', criSockets: ['/d', '/c'] },
      );
    }
    assert.deepEqual(runtimePlaces(load('').configuration), usualPlaces());
    assert.deepEqual(
      runtimePlaces(load('container_engines: {cri: {enabled: false}, containerd: {enabled: false}}').configuration)
        .criSockets,
      [],
    );
    assert.match(
      mistakes(plugin.replace('podman', 'padmon')),
      /unknown key padmon in container_engines\n {2}--> main\.yaml:1:\d+/,
    );
  });

  it('are found below HOST_ROOT by what /var/run leads to on the host, as the link would lead out of it', () => {
    const before = process.env.HOST_ROOT;
    process.env.HOST_ROOT = '/host';
    try {
      const engines =
        'docker: {sockets: [/var/run/docker.sock]}, cri: {sockets: [/var/run/crio/crio.sock, /var/x.sock]}';
      const { dockerSocket, criSockets } = runtimePlaces(load(`container_engines: {${engines}}`).configuration);
      assert.equal(dockerSocket, '/host/run/docker.sock');
      assert.deepEqual(criSockets, ['/host/run/crio/crio.sock', '/host/var/x.sock']);
    } finally {
      if (before === undefined) delete process.env.HOST_ROOT;
      else process.env.HOST_ROOT = before;
    }
  });

  it('and the API server is asked as the pod allows, by a file, or not at all', () => {
    const place = (text: string) => kubernetesPlace(load(text).configuration);
    assert.equal(place(''), undefined);
    assert.equal(place('kubernetes: {enabled: false}'), false);
    assert.deepEqual(place('kubernetes: {node: n1, kubeconfig: /k}'), { node: 'n1', kubeconfig: '/k' });
  });
});
