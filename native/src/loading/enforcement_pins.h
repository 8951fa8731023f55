// Files of a BPF file system that keep enforcement when the agent ends, until the next agent takes it over or they are
// removed (host/responses/pinned-enforcement.ts): the links of the programs on the root cgroup, and the maps that the
// next agent goes on with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "system/file_descriptor.h"
#include "system/result.h"

namespace wasprey {

/** Maps whose contents hold for the next agent, too. All others are made anew. */
inline constexpr std::string_view kPinnedPlaces = "enforce_cgroups";
inline constexpr const char* kPinnedMaps[] = {"enforce_cgroups", "enforce_windows", "enforce_counts", "enforce_acted"};

struct PinSettings {
  /** On a BPF file system. */
  std::string folder;
  /** Digest of the settings that exclude containers from being acted on. What another agent recorded of cgroups is only
   * used if it had the same settings. */
  uint64_t never;
};

class EnforcementPins {
 public:
  explicit EnforcementPins(PinSettings settings) : settings_(std::move(settings)) {}

  /** Whether the previous agent had the same settings by which containers are excluded. */
  bool IsBySameSettings() const;

  /** A link by its program, of an agent before; invalid without. */
  FileDescriptor Link(std::string_view program) const { return Open(std::string(program)); }
  /** A map by its name, in this build's layout; invalid without. */
  FileDescriptor Map(std::string_view name) const { return Open(MapFile(name)); }

  /** Keeps a link, in place of another one by that name. */
  Status HoldLink(std::string_view program, int link) const { return Hold(std::string(program), link); }
  Status HoldMap(std::string_view name, int map) const { return Hold(MapFile(name), map); }
  /** Removes the maps that a version with another layout has left. */
  void RemoveOtherLayouts() const;

 private:
  static std::string MapFile(std::string_view name);
  FileDescriptor Open(const std::string& name) const;
  Status Hold(const std::string& name, int object) const;

  PinSettings settings_;
};

}  // namespace wasprey
