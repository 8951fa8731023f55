// Compiled rules: modules on disk, those that a registry has, and whose signatures count.

import { applies, choice, duration, flag, item, list, section, text } from '../../config-values/value-types.ts';

export const MODULE_KEYS = {
  modules: applies('rules', {
    ...list(
      text('', 'A file, or a folder of which the .wasm files are read.'),
      'Modules of `wasprey compile`, in the order of evaluation, before rule files.',
    ),
    orOne: true,
  }),
  module_signatures: applies(
    'rules',
    section('Whether modules must be signed.', {
      policy: choice(
        ['off', 'warn', 'required'],
        'off',
        'With `required` a module without a signature by a trusted key is not used; with `warn` that is told.',
      ),
      trusted_keys: list(text('', 'A PEM file.'), 'Public keys of `wasprey keygen` whose signatures count.'),
    }),
  ),
  follow: list(
    item('An artifact to follow.', {
      reference: text('', 'oci://HOST/REPOSITORY:TAG, of `wasprey push` or of rule files as tools of Falco push them.'),
      every: duration('5m', 1000, 'How often to look whether the tag names something else.'),
      cosign_keys: list(
        text('', 'A PEM file.'),
        'Take only what cosign has signed with the key of one of these public keys.',
      ),
      registry_config: text('', 'Credentials, as registry clients write them. Default: where those look.'),
      plain_http: flag(false, 'Speak HTTP without TLS.'),
    }),
    'Artifacts in registries whose rules are used, and replaced when the tag names others. What was good last is kept on disk.',
  ),
  follow_folder: text('/var/lib/wasprey/followed', 'Where what is followed is kept.'),
} as const;
