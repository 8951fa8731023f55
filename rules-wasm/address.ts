// IP addresses: 16 bytes in network order, IPv4 in the first four.

/** The IPv4 address at `at`, in host order. */
// @ts-ignore: decorator
@inline export function ipv4(at: u32): u32 {
  return bswap<u32>(load<u32>(at));
}

/** Whether the 16 bytes at `at` are this address, its halves as little-endian numbers. */
// @ts-ignore: decorator
@inline export function isIpv6(at: u32, first: u64, second: u64): bool {
  return load<u64>(at) == first && load<u64>(at, 8) == second;
}

/** Whether they are in a network: both halves masked. */
// @ts-ignore: decorator
@inline export function isInIpv6Net(at: u32, first: u64, firstMask: u64, second: u64, secondMask: u64): bool {
  return (load<u64>(at) & firstMask) == first && (load<u64>(at, 8) & secondMask) == second;
}
