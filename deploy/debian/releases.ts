// The releases of Debian that installations are made of and tried on.

export interface DebianRelease {
  /** Its name in the archive. */
  readonly suite: string;
  readonly number: number;
}

/** The oldest that packages are for: what they hold is built against it. */
export const OLDEST: DebianRelease = { suite: 'bookworm', number: 12 };

/** That of glibc in it. */
export const OLDEST_GLIBC = '2.36';

/** Where checkouts are built, and what images have their programs from. */
export const NEWEST: DebianRelease = { suite: 'trixie', number: 13 };
