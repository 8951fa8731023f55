#pragma once

#include <napi.h>

namespace wasprey {

/** Adds what host/capture/native-addon.ts describes to `exports`. */
Napi::Object ExportAddon(Napi::Env env, Napi::Object exports);

}  // namespace wasprey
