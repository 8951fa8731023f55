// Addresses that actions give themselves, each in a network of its own, or try to reach: nobody is disturbed.

/** Of TEST-NET-1 (RFC 5737), which nobody has. */
export const OUTSIDE = '192.0.2.1';
/** Of a local network (RFC 1918). */
export const INSIDE = '10.1.2.3';
/** Where clouds tell a machine about itself, its credentials among other things. */
export const CLOUD_METADATA = '169.254.169.254';
