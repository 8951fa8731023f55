// Addresses that actions give themselves, each in a network of its own, or try to reach: no other machine is contacted.

/** In TEST-NET-1 (RFC 5737), which is unused. */
export const OUTSIDE = '192.0.2.1';
/** In a local network (RFC 1918). */
export const INSIDE = '10.1.2.3';
/** The metadata service of clouds, which also returns a machine's credentials. */
export const CLOUD_METADATA = '169.254.169.254';
