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

/** Whether two addresses are the same; one of IPv4 is never one of IPv6. */
export function isSameAddress(left: u32, leftIsV6: bool, right: u32, rightIsV6: bool): bool {
  if (leftIsV6 != rightIsV6) return false;
  if (!leftIsV6) return load<u32>(left) == load<u32>(right);
  return load<u64>(left) == load<u64>(right) && load<u64>(left, 8) == load<u64>(right, 8);
}
