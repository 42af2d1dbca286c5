// Answers every message with the message's own content. Freestanding: no C library.

#include "caxton.h"

#include <wasm_simd128.h>

/// A piece of JSON text, from its first byte to behind its last; empty = not there.
typedef struct {
  const char *start;
  const char *end;
} slice;

/// The linker's mark behind the program's own data: from there on memory is free.
extern unsigned char __heap_base;

enum { PAGE_BYTES = 65536, SLACK_BYTES = 64 };

/// The bytes that the reply may need beside the sender and the content.
enum { FRAME_BYTES = 128 };

static char *input(void) { return (char *)(((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15); }

/// The message lies at the start of free memory and the reply is built behind it, so every message
/// uses the same bytes again. Memory grows only when they don't suffice.
CAXTON_EXPORT(caxton_alloc) char *caxton_alloc(uint32_t length) {
  const uint64_t end =
      (uint64_t)(uintptr_t)input() + 2 * (uint64_t)length + FRAME_BYTES + 2 * SLACK_BYTES;
  const uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE_BYTES;
  if (end > have) {
    const uint64_t pages = (end - have + PAGE_BYTES - 1) / PAGE_BYTES;
    if (pages > 65535 || __builtin_wasm_memory_grow(0, (uint32_t)pages) == (uint32_t)-1) return 0;
  }
  return input();
}

static inline uint32_t mask_of(v128_t block, char byte) {
  return wasm_i8x16_bitmask(wasm_i8x16_eq(block, wasm_i8x16_splat(byte)));
}

static inline const char *nearer(const char *at, const char *end) { return at < end ? at : end; }

/// Between values, JSON has no other byte as low as a space but those that count as space.
static inline bool is_space(char byte) { return (unsigned char)byte <= ' '; }

static inline const char *skip_space(const char *at, const char *end) {
  while (at < end && is_space(*at)) at++;
  return at;
}

/// Which of sixteen bytes come behind a backslash that is not itself escaped, told from where runs
/// of backslashes start and end (Langdale and Lemire, Parsing Gigabytes of JSON per Second, 3.1.1).
/// `carried` is 1 when the byte before these sixteen escapes the first; bit 16 of the result is the
/// same for the next.
static inline uint32_t escaped_bits(uint32_t backslashes, uint32_t carried) {
  const uint32_t escapes = backslashes & ~carried;
  const uint32_t starts = escapes & ~(escapes << 1);
  // Adding a run's start to the run carries a bit to just behind its end.
  const uint32_t even_run_ends = (escapes + (starts & 0x5555)) & ~escapes;
  const uint32_t odd_run_ends = (escapes + (starts & 0xaaaa)) & ~escapes;
  return (even_run_ends & 0xaaaa) | (odd_run_ends & 0x15555) | carried;
}

/// The quotes that begin or end a string.
static inline uint32_t plain_quotes(v128_t block, uint32_t *carried) {
  const uint32_t quotes = mask_of(block, '"');
  const uint32_t backslashes = mask_of(block, '\\');
  if ((backslashes | *carried) == 0) return quotes;
  const uint32_t escaped = escaped_bits(backslashes, *carried);
  *carried = escaped >> 16;
  return quotes & ~escaped;
}

/// From an opening quote to behind the closing one.
static const char *skip_string(const char *at, const char *end) {
  uint32_t carried = 0;
  for (at++; at < end; at += 16) {
    const uint32_t quotes = plain_quotes(wasm_v128_load(at), &carried);
    if (quotes != 0) return nearer(at + __builtin_ctz(quotes) + 1, end);
  }
  return end;
}

/// For each bit, whether the number of set bits up to and with it is odd. Sixteen bits.
static inline uint32_t prefix_xor(uint32_t bits) {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  return bits & 0xffff;
}

/// From an opening bracket to behind its closing one.
static const char *skip_container(const char *at, const char *end) {
  uint32_t depth = 0;
  uint32_t in_string = 0;
  uint32_t carried = 0;
  for (; at < end; at += 16) {
    const v128_t block = wasm_v128_load(at);
    const uint32_t quotes = plain_quotes(block, &carried);
    if (in_string != 0 && quotes == 0) continue;
    // Bit 5 is all that tells "[" from "{" and "]" from "}".
    const v128_t folded = wasm_v128_or(block, wasm_i8x16_splat(0x20));
    const uint32_t inside = prefix_xor(quotes) ^ in_string;
    uint32_t opens = mask_of(folded, '{') & ~inside;
    uint32_t closes = mask_of(folded, '}') & ~inside;
    if (depth > 0) {
      // An empty container in this one changes nothing.
      const uint32_t empty = closes & (opens << 1);
      closes ^= empty;
      opens ^= empty >> 1;
    }
    const uint32_t closed = __builtin_popcount(closes);
    if (depth <= closed) {
      // The end may be here: look at each closing bracket with those that opened before it.
      uint32_t closed_before = 0;
      for (uint32_t rest = closes; rest != 0; rest &= rest - 1) {
        const uint32_t before = (rest & -rest) - 1;
        if (depth + __builtin_popcount(opens & before) == ++closed_before) {
          return nearer(at + __builtin_ctz(rest) + 1, end);
        }
      }
    }
    depth += __builtin_popcount(opens) - closed;
    in_string = (inside & 0x8000) == 0 ? 0 : 0xffff;
  }
  return end;
}

static const char *skip_value(const char *at, const char *end) {
  if (at >= end) return end;
  if (*at == '"') return skip_string(at, end);
  if ((*at | 0x20) == '{') return skip_container(at, end);
  while (at < end && *at != ',' && (*at | 0x20) != '}' && !is_space(*at)) at++;
  return at;
}

static inline bool equals(slice text, const char *other, uint32_t length) {
  if ((uint32_t)(text.end - text.start) != length) return false;
  for (uint32_t i = 0; i < length; i++) {
    if (text.start[i] != other[i]) return false;
  }
  return true;
}

#define IS(text, literal) equals(text, literal, sizeof(literal) - 1)

typedef struct {
  slice performative, sender, content;
} message;

/// Finds the three fields of interest in one pass over the message.
static message read_message(const char *at, const char *end) {
  message found = {0};
  int missing = 3;
  at = skip_space(at, end);
  if (at < end && *at == '{') at++;
  while (missing > 0) {
    at = skip_space(at, end);
    if (at < end && *at == ',') at = skip_space(at + 1, end);
    if (at >= end || *at != '"') break;
    const slice name = {at, skip_string(at, end)};
    at = skip_space(name.end, end);
    if (at >= end) break;
    at = skip_space(at + 1, end);
    const slice value = {at, skip_value(at, end)};
    at = value.end;
    if (IS(name, "\"sender\"")) found.sender = value;
    else if (IS(name, "\"content\"")) found.content = value;
    else if (IS(name, "\"performative\"")) found.performative = value;
    else continue;
    missing--;
  }
  return found;
}

/// Whether the message is itself an answer. Answering an answer would let two agents talk to each
/// other without end.
static bool is_answer(slice performative) {
  return IS(performative, "\"inform\"") || IS(performative, "\"inform-done\"") ||
         IS(performative, "\"inform-result\"") || IS(performative, "\"agree\"") ||
         IS(performative, "\"failure\"") || IS(performative, "\"refuse\"") ||
         IS(performative, "\"not-understood\"");
}

static inline char *put(char *to, const char *from, uint32_t length) {
  __builtin_memcpy(to, from, length);
  return to + length;
}

#define PUT(to, literal) put(to, literal, sizeof(literal) - 1)

CAXTON_EXPORT(handle_message) int32_t handle_message(const char *start, uint32_t length) {
  const message received = read_message(start, start + length);
  if (received.sender.start == 0 || received.performative.start == 0) return 1;
  if (is_answer(received.performative)) return 0;
  char *reply = (char *)(((uintptr_t)start + length + SLACK_BYTES) & ~(uintptr_t)15);
  char *to = PUT(reply, "{\"performative\":\"inform\",\"receiver\":");
  to = put(to, received.sender.start, received.sender.end - received.sender.start);
  if (received.content.start != 0) {
    to = PUT(to, ",\"content\":");
    to = put(to, received.content.start, received.content.end - received.content.start);
  }
  to = PUT(to, "}");
  return send_message(reply, to - reply);
}
