/* The isolation of a container: programs on its cgroup that let it reach a list of peers, and refuse all else.
 *
 * New connections and datagrams are refused at connect(2) and sendmsg(2), so that the process gets EPERM. What goes by
 * no such call is dropped packet by packet, in both directions: connections and connected sockets from before, those
 * that were accepted, raw sockets, ICMP, SCTP. Such connections are not closed: they go on after the isolation, unless
 * they have timed out. Packet sockets (AF_PACKET) bypass programs on cgroups.
 *
 * The object is loaded anew for each container: the list is constant, and no map outlives its programs. */

#include "cgroup_contexts.h"
#include "vmlinux/vmlinux.h"
#include "schema.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define inline_always static __always_inline

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58
#define NEIGHBOUR_SOLICITATION 135
#define NEIGHBOUR_ADVERTISEMENT 136
#define BPF_TCP_LISTEN 10

const volatile struct reachable_network reachable[REACHABLE_MOST];
const volatile u64 reachable_count;

struct peer {
  u32 address[4];
  u32 port;        /* NO_PORT: another protocol, or it can't be read */
  u32 is_any_port; /* 1: the address alone counts */
};

/* Sockets that were let connect. A cluster's service has one address for the caller; where a program or a rule of the
 * host's translates it, packets have that of a pod. */
struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, u8);
} let_connect SEC(".maps");

inline_always void set_mapped(struct peer *peer, u32 address) {
  peer->address[0] = 0;
  peer->address[1] = 0;
  peer->address[2] = bpf_htonl(0xffff);
  peer->address[3] = address;
}

/* Without branches: each would double the paths that the verifier goes through for every network that follows. */
inline_always bool is_within(const struct peer *peer, const volatile struct reachable_network *network) {
  u64 beyond_first = peer->port - network->first_port, width = network->last_port - network->first_port;
  u64 differs = ((width - beyond_first) >> 63) & !peer->is_any_port;
#pragma unroll
  for (u32 i = 0; i < 4; i++)
    differs |= (peer->address[i] & network->mask[i]) ^ network->address[i];
  return !differs;
}

/* A global function: it is verified once, and not for each way that leads to it. */
__noinline u32 find_reachable(const struct peer *peer) {
  if (!peer)
    return false;
  for (u32 i = 0; i < REACHABLE_MOST && i < reachable_count; i++) {
    if (is_within(peer, &reachable[i]))
      return true;
  }
  return false;
}

/* The verifier does not know what a global function returns, and programs must return 0 or 1. */
inline_always bool is_reachable(const struct peer *peer) {
  u32 found = find_reachable(peer);
  asm volatile("" : "+r"(found));
  return found != 0;
}

inline_always struct peer peer_of_v4(const struct bpf_sock_addr *ctx) {
  struct peer peer = {.port = bpf_ntohs((u16)ctx->user_port)};
  set_mapped(&peer, ctx->user_ip4);
  return peer;
}

inline_always struct peer peer_of_v6(const struct bpf_sock_addr *ctx) {
  return (struct peer){.address = {ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]},
                       .port = bpf_ntohs((u16)ctx->user_port)};
}

/* Its addresses stay when an IPv6 socket gives its peer up; its port does not. */
inline_always bool has_peer(const struct bpf_sock *sock) {
  return sock->dst_port != 0;
}

/* Only a socket without a peer is noted: a connect that fails later would leave it the one from before. Others than TCP
 * and UDP may send to further peers by no hook. */
inline_always bool may_connect(struct bpf_sock_addr *ctx, const struct peer *peer) {
  if (!is_reachable(peer))
    return false;
  struct bpf_sock *sock = ctx->sk;
  if (!sock || (ctx->protocol != IPPROTO_TCP && ctx->protocol != IPPROTO_UDP))
    return true;
  if (has_peer(sock))
    return true;
  bpf_sk_storage_get(&let_connect, sock, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  return true;
}

SEC("cgroup/connect4")
int isolate_connect4(struct bpf_sock_addr *ctx) {
  struct peer peer = peer_of_v4(ctx);
  return may_connect(ctx, &peer);
}

SEC("cgroup/connect6")
int isolate_connect6(struct bpf_sock_addr *ctx) {
  struct peer peer = peer_of_v6(ctx);
  return may_connect(ctx, &peer);
}

SEC("cgroup/sendmsg4")
int isolate_sendmsg4(struct bpf_sock_addr *ctx) {
  struct peer peer = peer_of_v4(ctx);
  return is_reachable(&peer);
}

SEC("cgroup/sendmsg6")
int isolate_sendmsg6(struct bpf_sock_addr *ctx) {
  struct peer peer = peer_of_v6(ctx);
  return is_reachable(&peer);
}

struct v4_header {
  u8 version_and_length;
  u8 service;
  u16 total;
  u16 id;
  u16 fragment;
  u8 time_to_live;
  u8 protocol;
  u16 checksum;
  u32 source;
  u32 destination;
};

struct v6_header {
  u32 version;
  u16 length;
  u8 next;
  u8 hop_limit;
  u32 source[4];
  u32 destination[4];
};

/* What is read of a packet. */
struct packet {
  struct peer peer;
  u8 protocol;
  bool is_plain;  /* without IP options or extension headers, which may route it elsewhere */
  bool is_first;  /* of its fragments */
  bool discovers; /* a neighbour, without which IPv6 does not work */
  u32 body;
};

inline_always bool read_v4(struct __sk_buff *skb, bool outwards, struct packet *packet) {
  struct v4_header header;
  if (bpf_skb_load_bytes(skb, 0, &header, sizeof(header)))
    return false;
  set_mapped(&packet->peer, outwards ? header.destination : header.source);
  packet->protocol = header.protocol;
  packet->body = (header.version_and_length & 15) * 4;
  packet->is_plain = packet->body == sizeof(header);
  packet->is_first = !(bpf_ntohs(header.fragment) & 0x1fff);
  return true;
}

inline_always bool read_v6(struct __sk_buff *skb, bool outwards, struct packet *packet) {
  struct v6_header header;
  u8 type = 0;
  if (bpf_skb_load_bytes(skb, 0, &header, sizeof(header)))
    return false;
  __builtin_memcpy(packet->peer.address, outwards ? header.destination : header.source, sizeof(packet->peer.address));
  packet->protocol = header.next;
  packet->body = sizeof(header);
  packet->is_plain = header.next == IPPROTO_TCP || header.next == IPPROTO_UDP;
  packet->is_first = true;
  if (header.next == IPPROTO_ICMPV6 && header.hop_limit == 255)
    bpf_skb_load_bytes(skb, sizeof(header), &type, sizeof(type));
  packet->discovers = type == NEIGHBOUR_SOLICITATION || type == NEIGHBOUR_ADVERTISEMENT;
  return true;
}

inline_always void read_port(struct __sk_buff *skb, bool outwards, struct packet *packet) {
  u16 ports[2];
  packet->peer.port = NO_PORT;
  if (!packet->is_first || (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_UDP) ||
      bpf_skb_load_bytes(skb, packet->body, ports, sizeof(ports)))
    return;
  packet->peer.port = bpf_ntohs(ports[outwards]);
}

/* One that gave its peer up (connect(2) with AF_UNSPEC) would take packets from everybody. */
inline_always bool was_let_connect(struct __sk_buff *skb) {
  struct bpf_sock *sock = skb->sk;
  sock = sock ? bpf_sk_fullsock(sock) : 0;
  return sock && sock->state != BPF_TCP_LISTEN && has_peer(sock) && bpf_sk_storage_get(&let_connect, sock, 0, 0);
}

/* Routers pass on a packet to any address but those of the link, whatever it says. One that has come in with all its
 * hops was sent on the link. */
inline_always bool is_on_link(const struct packet *packet, bool outwards) {
  u32 first = bpf_ntohl(packet->peer.address[0]);
  return !outwards || first >> 22 == 0xfe80 >> 6 || first >> 16 == 0xff02;
}

/* A neighbour that may be reached at some port is found at its address. */
inline_always bool may_discover(struct packet *packet, bool outwards) {
  packet->peer.is_any_port = true;
  return is_on_link(packet, outwards) || is_reachable(&packet->peer);
}

inline_always bool may_pass(struct __sk_buff *skb, bool outwards) {
  struct packet packet = {};
  bool known = skb->protocol == bpf_htons(ETH_P_IP)     ? read_v4(skb, outwards, &packet)
               : skb->protocol == bpf_htons(ETH_P_IPV6) ? read_v6(skb, outwards, &packet)
                                                        : false;
  if (!known)
    return false;
  if (packet.discovers)
    return may_discover(&packet, outwards);
  read_port(skb, outwards, &packet);
  return is_reachable(&packet.peer) || (packet.is_plain && packet.peer.port != NO_PORT && was_let_connect(skb));
}

SEC("cgroup_skb/egress")
int isolate_egress(struct __sk_buff *skb) {
  return may_pass(skb, true);
}

SEC("cgroup_skb/ingress")
int isolate_ingress(struct __sk_buff *skb) {
  return may_pass(skb, false);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
