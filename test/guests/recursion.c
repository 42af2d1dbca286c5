// Calls itself 4,294,967,295 times, each time with a kilobyte of its own on the stack in its memory.
#include "guest.h"

__attribute__((noinline)) static int32_t down(const uint8_t *above, uint32_t depth) {
  if (depth == 0xffffffffu) return 0;
  volatile uint8_t mine[1024];
  for (uint32_t i = 0; i < sizeof mine; i += 64) mine[i] = (uint8_t)(above[0] + depth);
  return down((const uint8_t *)mine, depth + 1) + mine[depth % sizeof mine];
}

int32_t handle_message(const uint8_t *message, uint32_t length) { return down(message, length); }
