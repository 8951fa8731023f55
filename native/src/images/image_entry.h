// What the table of process images keeps of an image beside its slot.
#pragma once

#include <cstdint>

namespace wasprey {

/** Bytes of images that changes have replaced, and that retire or wait. */
struct ReplacedImages {
  uint32_t grace = 0;
  /** Replaced before that grace began, and since then. */
  uint64_t before = 0;
  uint64_t since = 0;
};

struct ImageEntry {
  static constexpr uint32_t kNone = 0xffffffff;

  uint64_t id = 0;
  uint32_t slot = 0;
  uint32_t text = kNone;
  uint32_t container = 0;
  /** Whose share its slot is in. */
  uint64_t owner = 0;
  /** Each of these is a reference that keeps the other image. */
  uint32_t parent = kNone;
  uint32_t session = kNone;
  uint32_t group = kNone;
  /** Another image of the same process at the same time: a snapshot that raced with a fork or exec. */
  uint32_t twin = kNone;
  /** Images that point here, and 1 until the grace after the process left it is over. */
  uint32_t references = 0;
  /** Events that are held back and name it; each is one of the references. */
  uint32_t events = 0;
  bool used = false;
  /** Of its process, by the changes up to this image. */
  ReplacedImages replaced = {};
  /** A process has it, or events in the rings may. */
  bool held = false;
  /** It is the current image of its process. */
  bool current = false;
  /** It has no candidates, and is announced when an event names it. */
  bool awaiting = false;
  /** Below one of the processes of CaptureScopes::trees, and in any of the scopes. */
  bool in_tree = false;
  bool captured = false;
};

}  // namespace wasprey
