/* What programs on cgroups are given: the kernel's interface (include/uapi/linux/bpf.h), with the same layout on every
 * kernel. Members that come after those that are read are left out. */

#ifndef WASPREY_CGROUP_CONTEXTS_H
#define WASPREY_CGROUP_CONTEXTS_H

#include "vmlinux/basic_types.h"

struct bpf_sock {
  u32 bound_dev_if;
  u32 family;
  u32 type;
  u32 protocol;
  u32 mark;
  u32 priority;
  u32 src_ip4;
  u32 src_ip6[4];
  u32 src_port;
  u16 dst_port; /* big-endian */
  u16 padding;
  u32 dst_ip4;
  u32 dst_ip6[4];
  u32 state;
};

/* Addresses and port are big-endian. */
struct bpf_sock_addr {
  u32 user_family;
  u32 user_ip4;
  u32 user_ip6[4];
  u32 user_port;
  u32 family;
  u32 type;
  u32 protocol;
  u32 msg_src_ip4;
  u32 msg_src_ip6[4];
  struct bpf_sock *sk __attribute__((aligned(8)));
};

struct __sk_buff {
  u32 len;
  u32 pkt_type;
  u32 mark;
  u32 queue_mapping;
  u32 protocol; /* big-endian */
  u32 vlan_present;
  u32 vlan_tci;
  u32 vlan_proto;
  u32 priority;
  u32 ingress_ifindex;
  u32 ifindex;
  u32 tc_index;
  u32 cb[5];
  u32 hash;
  u32 tc_classid;
  u32 data;
  u32 data_end;
  u32 napi_id;
  u32 family;
  u32 remote_ip4;
  u32 local_ip4;
  u32 remote_ip6[4];
  u32 local_ip6[4];
  u32 remote_port;
  u32 local_port;
  u32 data_meta;
  u64 flow_keys;
  u64 tstamp;
  u32 wire_len;
  u32 gso_segs;
  struct bpf_sock *sk __attribute__((aligned(8)));
};

#endif
