// What others made of an installation's parts, as its bill of materials and its licences tell.

export interface Component {
  readonly name: string;
  readonly version: string;
  /** Package URL, by which scanners look for known vulnerabilities. */
  readonly purl: string;
  /** SPDX expression, or where there is none the names that its author gives to its licences. */
  readonly license: string | readonly string[];
  /** Text of licences and notices. */
  readonly licenseText: string;
  /** Common Platform Enumeration, for what vulnerabilities are known by it. */
  readonly cpe?: string;
  /** SHA-512 of the archive it is from, in hex. */
  readonly sha512?: string;
}
