// Where Node begins. The addon of tests has its own beginning (native/test/addon.cc), and else the same objects.

#include "addon/addon.h"

namespace wasprey {

NODE_API_MODULE(wasprey, ExportAddon)

}  // namespace wasprey
