// What every guest in C needs: the ABI, and one buffer for the message that is handled.
#pragma once

#include <stdint.h>

#define CAXTON_IMPORT(name) __attribute__((import_module("caxton"), import_name(#name)))
#define CAXTON_EXPORT(name) __attribute__((export_name(#name)))

CAXTON_IMPORT(send_message) int32_t send_message(const void *message, uint32_t length);
CAXTON_IMPORT(store_data)
int32_t store_data(const void *key, uint32_t key_length, const void *value, uint32_t length);

CAXTON_EXPORT(handle_message) int32_t handle_message(const uint8_t *message, uint32_t length);

static uint8_t inbox[65536];

CAXTON_EXPORT(caxton_alloc) uint32_t caxton_alloc(uint32_t length) {
  return length <= sizeof inbox ? (uint32_t)inbox : 0;
}
