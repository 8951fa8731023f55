#include "system/random.h"

#include <sys/random.h>

namespace wasprey {

uint64_t RandomSecret() {
  uint64_t secret = 0;
  while (getrandom(&secret, sizeof secret, 0) != sizeof secret) {
  }
  return secret;
}

}  // namespace wasprey
