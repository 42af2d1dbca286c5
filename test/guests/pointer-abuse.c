// Hands the host a message that begins inside of its memory and ends far behind it.
#include "guest.h"

int32_t handle_message(const uint8_t *message, uint32_t length) {
  volatile uint32_t huge = 0xffffff00u;
  return send_message(message, huge + (length & 1u));
}
