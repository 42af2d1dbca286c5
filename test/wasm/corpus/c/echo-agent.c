// An agent of ABI version 1: answers each message with its own bytes, and counts them.
typedef unsigned char u8;
typedef unsigned int u32;

#define HOST(name) __attribute__((import_module("caxton"), import_name(#name)))
HOST(send_message) int send_message(const u8 *message, u32 length);
HOST(console_log) void console_log(const char *text, u32 length);
HOST(current_timestamp) long long current_timestamp(void);
HOST(store_data) int store_data(const char *key, u32 key_length, const u8 *value, u32 length);
HOST(load_data) int load_data(const char *key, u32 key_length, u8 *buffer, u32 capacity);

static u8 arena[1 << 16];
static u32 used;

__attribute__((export_name("caxton_alloc"))) u8 *caxton_alloc(u32 length) {
  if (length > sizeof arena) return 0;
  used = length;
  return arena;
}

static int append_number(u8 *to, u32 value) {
  u8 digits[10];
  int count = 0;
  do {
    digits[count++] = (u8)('0' + value % 10);
    value /= 10;
  } while (value);
  for (int i = 0; i < count; i++) to[i] = digits[count - 1 - i];
  return count;
}

static int find(const u8 *text, u32 length, const char *word, u32 word_length) {
  for (u32 i = 0; i + word_length <= length; i++) {
    u32 j = 0;
    while (j < word_length && text[i + j] == (u8)word[j]) j++;
    if (j == word_length) return (int)i;
  }
  return -1;
}

__attribute__((export_name("agent_init"))) int agent_init(void) {
  u8 zero = 0;
  console_log("started", 7);
  return store_data("count", 5, &zero, 1) < 0;
}

__attribute__((export_name("handle_message"))) int handle_message(const u8 *message, u32 length) {
  u8 count = 0, line[64] = "handled ";
  if (load_data("count", 5, &count, 1) < 0) return 1;
  count++;
  if (store_data("count", 5, &count, 1) < 0) return 2;
  console_log((const char *)line, (u32)(8 + append_number(line + 8, count)));
  if (find(message, length, "\"stop\"", 6) >= 0) return 3;
  if (current_timestamp() < 0) return 4;
  return send_message(message, length);
}

__attribute__((export_name("handle_timer"))) int handle_timer(int id) { return id < 0; }
