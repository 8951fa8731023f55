// Signals that the runtime keeps from this program.
#pragma once

namespace wasprey {

/** Unblocks a signal for the calling thread; a pending one is delivered at once. False for an invalid signal. */
bool UnblockSignal(int signal);

}  // namespace wasprey
