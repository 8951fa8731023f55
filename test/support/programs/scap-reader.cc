// Reads a savefile by libs' own code, and prints a line for each event that rules see: the values of fields. Debian's libs stop at events
// that have more parameters than their table (an assertion): these are counted and skipped.
//
// usage: scap-reader FILE FORMAT

#include <csetjmp>
#include <iostream>
#include <string>

#include <libsinsp/eventformatter.h>
#include <libsinsp/sinsp.h>

namespace {
jmp_buf next_event;
bool reading = false;
}  // namespace

/** What assert() calls; it may not return. */
extern "C" void __assert_fail(const char* what, const char* file, unsigned line, const char* /*function*/) noexcept {
  if (reading) longjmp(next_event, 1);
  std::cerr << file << ':' << line << ": " << what << '\n';
  abort();
}

int main(int count, char** arguments) {
  if (count != 3) return 2;
  try {
    sinsp inspector;
    inspector.open_savefile(arguments[1]);
    sinsp_filter_check_list checks;
    sinsp_evt_formatter formatter(&inspector, arguments[2], checks);
    volatile unsigned newer = 0;
    for (;;) {
      sinsp_evt* event = nullptr;
      if (setjmp(next_event) != 0) {
        newer = newer + 1;
        continue;
      }
      reading = true;
      const int32_t result = inspector.next(&event);
      reading = false;
      if (result == SCAP_EOF) {
        std::cerr << newer << " events are newer than this version\n";
        return 0;
      }
      if (result == SCAP_TIMEOUT || result == SCAP_FILTERED_EVENT) continue;
      if (result != SCAP_SUCCESS) {
        std::cerr << inspector.getlasterr() << '\n';
        return 1;
      }
      std::string line;
      if (formatter.tostring(event, line)) std::cout << line << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
