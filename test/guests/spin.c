// Never returns: looks for a number that isn't there.
#include "guest.h"

int32_t handle_message(const uint8_t *message, uint32_t length) {
  volatile uint32_t seed = message[0] + length;
  for (;;) {
    seed = seed * 1664525u + 1013904223u;
    if (seed % 2u == 0u && seed % 2u == 1u) return 0;
  }
}
