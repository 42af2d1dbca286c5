// What the host offers to agents, as far as this agent needs it, and the names it looks for.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CAXTON_IMPORT(name) __attribute__((import_module("caxton"), import_name(#name)))
#define CAXTON_EXPORT(name) __attribute__((export_name(#name)))

/// Sends one message; 0 = accepted, negative = the host's error.
CAXTON_IMPORT(send_message) int32_t send_message(const char *message, uint32_t length);
