// Built with -mbulk-memory: copies of a size known only at run time.
typedef unsigned long size_t;
static char ring[2048];

/// Shifts a window of `size` bytes (at most 1024) through a buffer `times` times.
__attribute__((export_name("shift"))) int shift(unsigned size, unsigned times) {
  int hash = 0;
  if (size > 1024) return -1;
  __builtin_memset(ring, 7, size);
  for (unsigned i = 0; i < times; i++) {
    ring[i % 1024] = (char)i;
    __builtin_memmove(ring + i % 512 + 1, ring + i % 512, size);
  }
  for (int i = 0; i < 2048; i++) hash = hash * 33 + ring[i];
  return hash;
}
