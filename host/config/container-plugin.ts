// The engines of Falco's container plugin, as the key that they have here.

import type { ConfigMapping, ConfigNode } from './node.ts';

/** `plugins` with a container plugin that has `init_config.engines` set container_engines, unless that is set itself. */
export function withPluginEngines(root: ConfigMapping): ConfigMapping {
  const plugins = root.entries.get('plugins')?.value;
  if (plugins?.kind !== 'sequence' || root.entries.has('container_engines')) return root;
  for (const plugin of plugins.items) {
    const name = member(plugin, 'name');
    const engines = member(member(plugin, 'init_config'), 'engines');
    if (name?.kind !== 'scalar' || name.text !== 'container' || !engines) continue;
    const entries = new Map(root.entries);
    entries.set('container_engines', { origin: engines.origin, value: engines });
    return { ...root, entries };
  }
  return root;
}

function member(node: ConfigNode | undefined, key: string): ConfigNode | undefined {
  return node?.kind === 'mapping' ? node.entries.get(key)?.value : undefined;
}
