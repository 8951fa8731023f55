// What the programs of the kernel decide by tables of enforcement (bpf/enforce/enforce_decide.h), from given facts: the
// same code.
#pragma once

#include <napi.h>

namespace wasprey {

/**
 * (tables: Uint8Array, facts) -> bigint, the clauses that are met. Facts: type, failed, combination, socket, where
 * (numbers), candidates (bigint); texts: bytes of the path of an open (with isDirectory), its resolved path, executable
 * and name, where they are known; peer: 16 bytes, and port.
 */
Napi::Value EnforcedClauses(const Napi::CallbackInfo& info);

/** (window: bigint, count, seconds, now) -> bigint, the window after one more was done; 0: none is left. */
Napi::Value NextWindow(const Napi::CallbackInfo& info);

/** (flags of a task, number of its process) -> boolean, whether it is never acted on. */
Napi::Value IsOfMachine(const Napi::CallbackInfo& info);

}  // namespace wasprey
