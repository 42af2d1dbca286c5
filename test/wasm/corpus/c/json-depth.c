// A scanner with a state machine: switches that become br_table, gotos out of loops.
static const char *const SAMPLES[] = {
    "{\"a\": [1, 2, {\"b\": [true, null, \"x\\\"y\"]}], \"c\": -1.5e3}",
    "[[[[[[\"deep\"]]]]]]",
    "{\"broken\": [1, 2}",
    "\"only text\"",
};

/// Depth of a sample's nesting, or −1 − offset where it is malformed.
__attribute__((export_name("depth"))) int depth(unsigned sample) {
  char open[16];
  int level = 0, most = 0, i = 0;
  if (sample > 3) return -100;
  const char *s = SAMPLES[sample];
  for (;; i++) {
    switch (s[i]) {
      case 0:
        return level == 0 ? most : -1 - i;
      case '{':
      case '[':
        if (level == 16) goto malformed;
        open[level++] = s[i];
        if (level > most) most = level;
        break;
      case '}':
      case ']':
        if (level == 0 || open[--level] != (s[i] == '}' ? '{' : '[')) goto malformed;
        break;
      case '"':
        for (i++; s[i] != '"'; i++) {
          if (s[i] == 0) goto malformed;
          if (s[i] == '\\') i++;
        }
        break;
      case ' ':
      case ',':
      case ':':
      case '-':
      case '.':
        break;
      default:
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'z'))) goto malformed;
    }
  }
malformed:
  return -1 - i;
}
