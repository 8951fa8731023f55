// Events and process images that did not happen, in the builder source: for the reader, the image table and the engine
// they are like those of BPF programs.
#pragma once

#include <napi.h>

namespace wasprey {

/**
 * (capture: number, record: Uint8Array): puts an event record (header.commit and header.sequence are ignored) into the
 * ring of header.cpu of the builder with that handle, which another thread may read. Throws CaptureError.
 */
Napi::Value InjectEvent(const Napi::CallbackInfo& info);
/** (capture: number, record: Uint8Array): the same with a lifecycle record; the annex may be left out of it. */
Napi::Value InjectImage(const Napi::CallbackInfo& info);

}  // namespace wasprey
