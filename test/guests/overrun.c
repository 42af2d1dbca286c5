// Writes from the end of a small buffer on, until its memory ends.
#include "guest.h"

int32_t handle_message(const uint8_t *message, uint32_t length) {
  volatile uint8_t small[8];
  volatile uint8_t *at = small;
  for (uint32_t i = 0;; i++) at[i] = (uint8_t)(message[0] + length);
}
