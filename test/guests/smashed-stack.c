// Overwrites all of its memory below a buffer on its stack, then calls what it finds there.
#include "guest.h"

static int32_t fine(void) { return 0; }
static int32_t also_fine(void) { return 1; }
static int32_t (*volatile callbacks[2])(void) = {fine, also_fine};

int32_t handle_message(const uint8_t *message, uint32_t length) {
  for (volatile uint32_t *at = (volatile uint32_t *)callbacks; at < (volatile uint32_t *)(callbacks + 2); at++)
    *at = 0x41414141u + message[0];
  return callbacks[length & 1u]();
}
