// Signals that the runtime keeps from this program.
#pragma once

namespace wasprey {

/** Lets the calling thread take a signal; one that has come meanwhile comes at once. False for what is no signal. */
bool UnblockSignal(int signal);

}  // namespace wasprey
