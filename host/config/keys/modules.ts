// Compiled rules: modules on disk and in registries, and trusted signatures.

import { applies, choice, duration, flag, item, list, section, text } from '../../config-values/value-types.ts';

export const MODULE_KEYS = {
  modules: applies('rules', {
    ...list(
      text('', 'A file, or a folder with .wasm files.'),
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
        'With `required` a module without a signature by a trusted key is refused; with `warn` it is used, with a warning.',
      ),
      trusted_keys: list(text('', 'A PEM file.'), 'Trusted public keys of `wasprey keygen`.'),
    }),
  ),
  follow: list(
    item('An artifact to follow.', {
      reference: text(
        '',
        "oci://HOST/REPOSITORY:TAG, pushed by `wasprey push`, or with rule files pushed by Falco's tools.",
      ),
      every: duration('5m', 1000, 'How often to check the tag for changes.'),
      cosign_keys: list(
        text('', 'A PEM file.'),
        'Accept only artifacts that cosign has signed with one of these keys.',
      ),
      registry_config: text(
        '',
        "A file with credentials in the format of registry clients. Default: those clients' usual file.",
      ),
      plain_http: flag(false, 'Use HTTP without TLS.'),
    }),
    'Artifacts in registries whose rules are used, and replaced when the tag changes. The last valid version is kept on disk.',
  ),
  follow_folder: text(
    '/var/lib/wasprey/followed',
    'Folder for the fetched artifacts. Where rules_files names it, their rule files are loaded; else after all others.',
  ),
} as const;
