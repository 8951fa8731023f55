// The addon's entry point. The addon of tests has its own (native/test/addon.cc); the other objects are the same.

#include "addon/addon.h"

namespace wasprey {

NODE_API_MODULE(wasprey, ExportAddon)

}  // namespace wasprey
