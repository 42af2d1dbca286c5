// The programs of bench/assembly/kernels.ts, line by line, so that both give the same sums: what
// they take natively is what WebAssembly could at best take on this machine.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace kernels {

inline uint32_t next(uint32_t seed) { return seed * 1664525u + 1013904223u; }
inline uint32_t rotate_right(uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }
inline uint32_t rotate_left(uint32_t x, int by) { return (x << by) | (x >> (32 - by)); }

inline double matrices[3][64 * 64];
inline int32_t numbers[65536];
inline uint32_t table[65536][2];
inline uint8_t text_bytes[65536];
inline uint8_t other_text[65536];
inline double bodies[5][7];
inline uint8_t field[4194304];

inline uint32_t arithmetic(int32_t n) {
  uint32_t x = 1;
  for (uint32_t i = 0; i < static_cast<uint32_t>(n); i++) x = (x ^ i) * 1664525u + 1013904223u;
  return x;
}

inline uint32_t matrix(int32_t n) {
  double* a = matrices[0];
  double* b = matrices[1];
  double* c = matrices[2];
  uint32_t seed = 7;
  for (uint32_t i = 0; i < 64 * 64; i++) {
    seed = next(seed);
    a[i] = seed >> 24;
    seed = next(seed);
    b[i] = seed >> 24;
  }
  double sum = 0;
  for (int32_t round = 0; round < n; round++) {
    for (uint32_t i = 0; i < 64; i++) {
      for (uint32_t j = 0; j < 64; j++) {
        double cell = 0;
        for (uint32_t k = 0; k < 64; k++) cell += a[i * 64 + k] * b[k * 64 + j];
        c[i * 64 + j] = cell;
      }
    }
    sum += c[(round * 65) & 4095];
    a[0] = round & 255;
  }
  return static_cast<uint32_t>(static_cast<int64_t>(sum) & 0x7fffffff);
}

inline void quick_sort(int32_t low, int32_t high) {
  while (low < high) {
    const int32_t pivot = numbers[(low + high) >> 1];
    int32_t i = low;
    int32_t j = high;
    while (i <= j) {
      while (numbers[i] < pivot) i++;
      while (numbers[j] > pivot) j--;
      if (i <= j) {
        const int32_t x = numbers[i];
        numbers[i] = numbers[j];
        numbers[j] = x;
        i++;
        j--;
      }
    }
    if (j - low < high - i) {
      quick_sort(low, j);
      low = i;
    } else {
      quick_sort(i, high);
      high = j;
    }
  }
}

inline uint32_t sort(int32_t n) {
  uint32_t seed = 42;
  for (int32_t i = 0; i < n; i++) {
    seed = next(seed);
    numbers[i] = static_cast<int32_t>(seed >> 1);
  }
  quick_sort(0, n - 1);
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; i++) sum = sum * 31 + static_cast<uint32_t>(numbers[i]);
  return sum;
}

inline uint32_t hash(int32_t n) {
  std::memset(table, 0, sizeof(table));
  uint32_t seed = 99;
  for (int32_t i = 0; i < n; i++) {
    seed = next(seed);
    const uint32_t key = (seed >> 18) + 1;
    uint32_t slot = (key * 2654435761u) >> 16;
    for (;;) {
      if (table[slot][0] == key) {
        table[slot][1]++;
        break;
      }
      if (table[slot][0] == 0) {
        table[slot][0] = key;
        table[slot][1] = 1;
        break;
      }
      slot = (slot + 1) & 65535;
    }
  }
  uint32_t sum = 0;
  for (const auto& entry : table) sum = sum * 33 + entry[0] * entry[1];
  return sum;
}

inline uint32_t json_scan(int32_t n) {
  static const char kRecord[] = "{\"a\":[12,-3.5,true],\"b\\\"c\":null}";
  static_assert(sizeof(kRecord) == 33, "a record of 32 characters");
  for (uint32_t i = 0; i < 65536; i += 32) std::memcpy(text_bytes + i, kRecord, 32);
  uint32_t sum = 0;
  for (int32_t round = 0; round < n; round++) {
    uint32_t strings = 0;
    uint32_t found_numbers = 0;
    uint32_t depth = 0;
    uint32_t words = 0;
    uint32_t i = 0;
    while (i < 65536) {
      const uint8_t c = text_bytes[i];
      if (c == '"') {
        i++;
        while (text_bytes[i] != '"') {
          if (text_bytes[i] == '\\') i++;
          i++;
        }
        strings++;
        i++;
      } else if (c == '-' || (c >= '0' && c <= '9')) {
        uint32_t value = 0;
        i++;
        for (;;) {
          const uint8_t d = text_bytes[i];
          if (d >= '0' && d <= '9') {
            value = value * 10 + (d - '0');
          } else if (d != '.') {
            break;
          }
          i++;
        }
        found_numbers += value + 1;
      } else {
        switch (c) {
          case '{':
          case '[':
            depth++;
            break;
          case '}':
          case ']':
            depth--;
            break;
          case ',':
          case ':':
            break;
          default:
            words++;
        }
        i++;
      }
    }
    sum = sum * 31 + strings + found_numbers * 3 + depth * 5 + words * 7;
  }
  return sum;
}

inline uint32_t sha256(int32_t n) {
  static const uint32_t kRounds[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t state[8];
  uint32_t schedule[64];
  for (uint32_t i = 0; i < 8; i++) state[i] = 0x6a09e667u + i * 0x01010101u;
  uint32_t seed = 5;
  for (int32_t block = 0; block < n; block++) {
    for (uint32_t i = 0; i < 16; i++) {
      seed = next(seed);
      schedule[i] = seed;
    }
    for (uint32_t i = 16; i < 64; i++) {
      const uint32_t w15 = schedule[i - 15];
      const uint32_t w2 = schedule[i - 2];
      const uint32_t s0 = rotate_right(w15, 7) ^ rotate_right(w15, 18) ^ (w15 >> 3);
      const uint32_t s1 = rotate_right(w2, 17) ^ rotate_right(w2, 19) ^ (w2 >> 10);
      schedule[i] = schedule[i - 16] + s0 + schedule[i - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (uint32_t i = 0; i < 64; i++) {
      const uint32_t s1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
      const uint32_t choice = (e & f) ^ (~e & g);
      const uint32_t t1 = h + s1 + choice + kRounds[i] + schedule[i];
      const uint32_t s0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
      const uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + s0 + majority;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
  return state[0] ^ state[7];
}

inline uint32_t nbody(int32_t n) {
  for (uint32_t i = 0; i < 5; i++) {
    const double k = i + 1.0;
    const double body[7] = {k * 1.5,          k * k * 0.25 - 2, 3 - k * 0.75, 0.01 * k,
                            0.02 - 0.003 * k, 0.005 * k * k,    1 / k};
    std::memcpy(bodies[i], body, sizeof(body));
  }
  const double dt = 0.001;
  for (int32_t step = 0; step < n; step++) {
    for (uint32_t i = 0; i < 5; i++) {
      double* one = bodies[i];
      for (uint32_t j = i + 1; j < 5; j++) {
        double* two = bodies[j];
        const double dx = one[0] - two[0];
        const double dy = one[1] - two[1];
        const double dz = one[2] - two[2];
        const double square = dx * dx + dy * dy + dz * dz + 0.01;
        const double pull = dt / (square * std::sqrt(square));
        const double m1 = one[6] * pull;
        const double m2 = two[6] * pull;
        one[3] -= dx * m2;
        one[4] -= dy * m2;
        one[5] -= dz * m2;
        two[3] += dx * m1;
        two[4] += dy * m1;
        two[5] += dz * m1;
      }
    }
    for (auto& body : bodies) {
      body[0] += dt * body[3];
      body[1] += dt * body[4];
      body[2] += dt * body[5];
    }
  }
  return static_cast<uint32_t>(static_cast<int32_t>(bodies[0][0] * 1e6));
}

inline uint32_t sieve(int32_t n) {
  std::memset(field, 0, static_cast<size_t>(n));
  uint32_t count = 0;
  for (int32_t i = 2; i < n; i++) {
    if (field[i] != 0) continue;
    count++;
    for (int32_t j = i + i; j < n; j += i) field[j] = 1;
  }
  return count;
}

inline uint32_t text(int32_t n) {
  uint32_t seed = 3;
  for (uint32_t i = 0; i < 4096; i++) {
    seed = next(seed);
    text_bytes[i] = static_cast<uint8_t>(0x61 + ((seed >> 24) % 6));
  }
  uint32_t sum = 0;
  for (int32_t round = 0; round < n; round++) {
    for (uint32_t i = 0; i < 4096; i++) {
      const uint8_t c = text_bytes[i];
      other_text[4095 - i] = c >= 0x61 && c <= 0x7a ? c - 0x20 : c;
    }
    for (uint32_t i = 0; i + 4 <= 4096; i++) {
      uint32_t same = 0;
      while (same < 4 && other_text[i + same] == static_cast<uint8_t>(0x44 - (same & 3))) same++;
      if (same == 4) sum = sum * 31 + i;
    }
    text_bytes[round & 4095] = static_cast<uint8_t>(0x61 + (round % 6));
  }
  return sum;
}

inline int32_t fibonacci(int32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

inline uint32_t recursion(int32_t n) { return static_cast<uint32_t>(fibonacci(n)); }

inline uint32_t add_three(uint32_t x) { return x + 3; }
inline uint32_t mix(uint32_t x) { return x ^ (x >> 7); }
inline uint32_t scale(uint32_t x) { return x * 2654435761u; }
inline uint32_t turn(uint32_t x) { return rotate_left(x, 5); }

inline uint32_t calls(int32_t n) {
  static uint32_t (*const kFunctions[4])(uint32_t) = {add_three, mix, scale, turn};
  uint32_t x = 1;
  for (int32_t i = 0; i < n; i++) x = kFunctions[(x >> 3) & 3](x + static_cast<uint32_t>(i));
  return x;
}

inline uint32_t branches(int32_t n) {
  int32_t longest = 0;
  uint32_t sum = 0;
  for (int32_t i = 1; i <= n; i++) {
    uint32_t x = static_cast<uint32_t>(i);
    int32_t steps = 0;
    while (x != 1) {
      if ((x & 1) == 0) {
        x >>= 1;
      } else {
        x = x * 3 + 1;
      }
      steps++;
      if (steps > 500) break;
    }
    if (steps > longest) longest = steps;
    if (steps % 3 == 0) {
      sum += static_cast<uint32_t>(steps);
    } else if (steps % 5 == 0) {
      sum ^= static_cast<uint32_t>(steps);
    } else {
      sum += 1;
    }
  }
  return sum + static_cast<uint32_t>(longest);
}

inline uint32_t scattered(int32_t n) {
  std::memset(field, 1, sizeof(field));
  uint32_t seed = 11;
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; i++) {
    seed = next(seed);
    uint8_t* at = field + ((seed >> 10) & 0x3ffffc);
    uint32_t value;
    std::memcpy(&value, at, sizeof(value));
    value += seed;
    std::memcpy(at, &value, sizeof(value));
    sum ^= value;
    if ((i & 1023) == 0) {
      uint8_t* page = field + (static_cast<size_t>((seed >> 16) & 1023) << 12);
      // A page may be copied onto itself.
      std::memmove(page, field + (static_cast<size_t>((i >> 10) & 1023) << 12), 4096);
    }
  }
  return sum;
}

struct Kernel {
  const char* name;
  uint32_t (*run)(int32_t);
};

constexpr Kernel kAll[] = {
    {"arithmetic", arithmetic}, {"matrix", matrix},     {"sort", sort},
    {"hash", hash},             {"json_scan", json_scan}, {"sha256", sha256},
    {"nbody", nbody},           {"sieve", sieve},       {"text", text},
    {"recursion", recursion},   {"calls", calls},       {"branches", branches},
    {"scattered", scattered},
};

}  // namespace kernels
