// The parts of an image's name: `registry.example:5000/shop/web:v1.2@sha256:...`.

export interface ImageName {
  /** Without tag and digest, as the runtime has it. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Undefined for a bare id (`sha256:...`), which has no parts. */
export function parseImageName(name: string): ImageName | undefined {
  if (name === '' || /^(sha256:)?[0-9a-f]{64}$/.test(name)) return undefined;
  const [named = '', digest] = splitAt(name, name.indexOf('@'));
  // A colon before the last slash belongs to the registry's port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const [repository = '', tag] = splitAt(named, colon);
  return { repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

function splitAt(text: string, at: number): [string, string?] {
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
