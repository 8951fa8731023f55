/* 32-bit system calls by their numbers, i386's on x86-64 and ARM's on arm64. */

#ifndef WASPREY_COMPAT_CALLS_H
#define WASPREY_COMPAT_CALLS_H

#include "maps.h"

/* What a call is: the event it makes, the change it may have made to its process (hooks.h), which arguments
 * are ids of 16 bits, a bit for each. The arguments are those of the native call, in its order. */
struct compat_call {
  u8 type;
  u8 change;
  u8 short_ids;
};

#define CALL(name, number, type, change, short_ids) [number] = {type, change, short_ids},
static const struct compat_call compat_calls[] = {WASPREY_COMPAT_CALLS(CALL)};
#undef CALL
#define COMPAT_CALLS (sizeof(compat_calls) / sizeof(*compat_calls))

#endif
