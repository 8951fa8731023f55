// Where cgroups are, as programs that enforce would read it, for tests: of a map with little room.
#pragma once

#include <napi.h>

namespace wasprey {

/**
 * (room: number, steps: (string | number)[][]) -> {places: {cgroup: [where, permitted]}, known: boolean[], lacks}
 * Steps: ["note", cgroup, container], ["permit", container, permitted], ["renew"], ["forget"] permits given
 * before that, ["keep", ...cgroups] and no others. `known` has what each note returned; `lacks` whether one has found
 * no room since the last "keep". Throws where the kernel makes no map.
 */
Napi::Value EnforcedPlacesAfter(const Napi::CallbackInfo& info);

/** () -> number: takes all the room that this process's capture has for cgroups; returns how many were put in. */
Napi::Value FillPlaces(const Napi::CallbackInfo& info);
/** Gives that room back. */
void EmptyPlaces(const Napi::CallbackInfo& info);

}  // namespace wasprey
