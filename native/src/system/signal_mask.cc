#include "system/signal_mask.h"

#include <csignal>

namespace wasprey {

bool UnblockSignal(int signal) {
  sigset_t set;
  sigemptyset(&set);
  return sigaddset(&set, signal) == 0 && pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0;
}

}  // namespace wasprey
