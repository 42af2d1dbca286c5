// Takes all the memory that it can get, writes to every page of it, and fails with their number.
#include "guest.h"

int32_t handle_message(const uint8_t *message, uint32_t length) {
  (void)message, (void)length;
  for (;;) {
    const uint32_t page = __builtin_wasm_memory_grow(0, 1);
    if (page == (uint32_t)-1) break;
    for (uint32_t at = 0; at < 65536; at += 4096) ((volatile uint8_t *)(page * 65536))[at] = 1;
  }
  return (int32_t)__builtin_wasm_memory_size(0);
}
