/* Requests of io_uring that are kept from their submission to their completion. */

#ifndef WASPREY_IO_URING_KEPT_H
#define WASPREY_IO_URING_KEPT_H

#include "io_uring/io_uring.h"

#define REQUESTS 1024

/* By the address of the request. Values are allocated on demand. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, REQUESTS);
  __type(key, u64);
  __type(value, struct passed_call);
} requests SEC(".maps");

#define SILENT_REQUESTS 256

/* Those that complete silently (IOSQE_CQE_SKIP_SUCCESS), and whose file is known only then: by a serial number, because
 * the address may be that of another request before the completion is noticed. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, SILENT_REQUESTS);
  __type(key, u64);
  __type(value, struct passed_call);
} silent_requests SEC(".maps");

#endif
