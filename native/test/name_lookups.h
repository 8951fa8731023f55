// Names of users and groups, for tests: roots of containers are directories.
#pragma once

#include <napi.h>

namespace wasprey {

/** (passwd: string) -> {uid: {name, home?, shell?}} */
Napi::Value UsersOfPasswd(const Napi::CallbackInfo& info);

/** (root: string) -> {users, groups} | undefined: name files below a root that is not trusted, as a container's. */
Napi::Value NamesBelow(const Napi::CallbackInfo& info);

/**
 * (steps: (string | number)[][], limits: the members of NameLimits) -> {names: string[], bytes, roots, unread}
 * Steps: ["look", container, root, uid], which adds a name, '' for none; ["forget", container].
 */
Napi::Value LookUpNames(const Napi::CallbackInfo& info);

/** (parts, most, steps: [string, number][]) -> number[]. Steps: ["left", at], which adds a number; ["spend", ns]. */
Napi::Value TimeLeft(const Napi::CallbackInfo& info);

}  // namespace wasprey
