// Programs that show what metering costs where. Each is a function of the amount of work to do that
// gives a sum to check it by. native-bench/kernels.hpp has the same ones in C++, line by line, so
// that both give the same sums.

const MATRIX: usize = memory.data(3 * 64 * 64 * 8, 16);
const NUMBERS: usize = memory.data(65536 * 4, 16);
const TABLE: usize = memory.data(65536 * 8, 16);
const TEXT: usize = memory.data(65536, 16);
const OTHER_TEXT: usize = memory.data(65536, 16);
const BODIES: usize = memory.data(5 * 7 * 8, 16);
const FIELD: usize = memory.data(4194304, 16);
const SCHEDULE: usize = memory.data(64 * 4, 16);
const STATE: usize = memory.data(8 * 4, 16);

// @ts-ignore: decorator
@inline
function next(seed: u32): u32 {
  return seed * 1664525 + 1013904223;
}

/** Arithmetic alone: a loop of a few instructions. */
export function arithmetic(n: i32): i32 {
  let x: u32 = 1;
  for (let i: u32 = 0; i < <u32>n; i++) x = (x ^ i) * 1664525 + 1013904223;
  return x;
}

/** Products of 64 × 64 matrices of doubles. */
export function matrix(n: i32): i32 {
  const a = MATRIX;
  const b = MATRIX + 64 * 64 * 8;
  const c = MATRIX + 2 * 64 * 64 * 8;
  let seed: u32 = 7;
  for (let i: u32 = 0; i < 64 * 64; i++) {
    seed = next(seed);
    store<f64>(a + ((<usize>i) << 3), <f64>(seed >> 24));
    seed = next(seed);
    store<f64>(b + ((<usize>i) << 3), <f64>(seed >> 24));
  }
  let sum: f64 = 0;
  for (let round = 0; round < n; round++) {
    for (let i: usize = 0; i < 64; i++) {
      for (let j: usize = 0; j < 64; j++) {
        let cell: f64 = 0;
        for (let k: usize = 0; k < 64; k++) {
          cell += load<f64>(a + ((i * 64 + k) << 3)) * load<f64>(b + ((k * 64 + j) << 3));
        }
        store<f64>(c + ((i * 64 + j) << 3), cell);
      }
    }
    sum += load<f64>(c + ((<usize>((round * 65) & 4095)) << 3));
    store<f64>(a, <f64>(round & 255));
  }
  return <i32>(<i64>sum & 0x7fffffff);
}

function quickSort(low: i32, high: i32): void {
  while (low < high) {
    const pivot = load<i32>(NUMBERS + ((<usize>((low + high) >> 1)) << 2));
    let i = low;
    let j = high;
    while (i <= j) {
      while (load<i32>(NUMBERS + ((<usize>i) << 2)) < pivot) i++;
      while (load<i32>(NUMBERS + ((<usize>j) << 2)) > pivot) j--;
      if (i <= j) {
        const x = load<i32>(NUMBERS + ((<usize>i) << 2));
        store<i32>(NUMBERS + ((<usize>i) << 2), load<i32>(NUMBERS + ((<usize>j) << 2)));
        store<i32>(NUMBERS + ((<usize>j) << 2), x);
        i++;
        j--;
      }
    }
    if (j - low < high - i) {
      quickSort(low, j);
      low = i;
    } else {
      quickSort(i, high);
      high = j;
    }
  }
}

/** Quicksort of so many numbers. */
export function sort(n: i32): i32 {
  let seed: u32 = 42;
  for (let i = 0; i < n; i++) {
    seed = next(seed);
    store<i32>(NUMBERS + ((<usize>i) << 2), <i32>(seed >> 1));
  }
  quickSort(0, n - 1);
  let sum: u32 = 0;
  for (let i = 0; i < n; i++) sum = sum * 31 + <u32>load<i32>(NUMBERS + ((<usize>i) << 2));
  return sum;
}

/** A hash table with open addressing: so many keys are counted in it. */
export function hash(n: i32): i32 {
  memory.fill(TABLE, 0, 65536 * 8);
  let seed: u32 = 99;
  for (let i = 0; i < n; i++) {
    seed = next(seed);
    const key: u32 = (seed >> 18) + 1;
    let slot: u32 = (key * 2654435761) >> 16;
    while (true) {
      const at = TABLE + ((<usize>slot) << 3);
      const found = load<u32>(at);
      if (found == key) {
        store<u32>(at, load<u32>(at, 4) + 1, 4);
        break;
      }
      if (found == 0) {
        store<u32>(at, key);
        store<u32>(at, 1, 4);
        break;
      }
      slot = (slot + 1) & 65535;
    }
  }
  let sum: u32 = 0;
  for (let i: u32 = 0; i < 65536; i++) {
    const at = TABLE + ((<usize>i) << 3);
    sum = sum * 33 + load<u32>(at) * load<u32>(at, 4);
  }
  return sum;
}

const RECORD = memory.data<u8>([
  0x7b, 0x22, 0x61, 0x22, 0x3a, 0x5b, 0x31, 0x32, 0x2c, 0x2d, 0x33, 0x2e, 0x35, 0x2c, 0x74, 0x72,
  0x75, 0x65, 0x5d, 0x2c, 0x22, 0x62, 0x5c, 0x22, 0x63, 0x22, 0x3a, 0x6e, 0x75, 0x6c, 0x6c, 0x7d,
]);

/** Scans JSON text of 64 KiB so many times: strings, numbers and how deep it nests. */
export function json_scan(n: i32): i32 {
  for (let i: usize = 0; i < 65536; i += 32) memory.copy(TEXT + i, RECORD, 32);
  let sum: u32 = 0;
  for (let round = 0; round < n; round++) {
    let strings: u32 = 0;
    let numbers: u32 = 0;
    let depth: u32 = 0;
    let words: u32 = 0;
    let i: usize = 0;
    while (i < 65536) {
      const c = load<u8>(TEXT + i);
      if (c == 0x22) {
        i++;
        while (load<u8>(TEXT + i) != 0x22) {
          if (load<u8>(TEXT + i) == 0x5c) i++;
          i++;
        }
        strings++;
        i++;
      } else if (c == 0x2d || (c >= 0x30 && c <= 0x39)) {
        let value: u32 = 0;
        i++;
        while (true) {
          const d = load<u8>(TEXT + i);
          if (d >= 0x30 && d <= 0x39) value = value * 10 + (d - 0x30);
          else if (d != 0x2e) break;
          i++;
        }
        numbers += value + 1;
      } else {
        switch (c) {
          case 0x7b:
          case 0x5b:
            depth++;
            break;
          case 0x7d:
          case 0x5d:
            depth--;
            break;
          case 0x2c:
          case 0x3a:
            break;
          default:
            words++;
        }
        i++;
      }
    }
    sum = sum * 31 + strings + numbers * 3 + depth * 5 + words * 7;
  }
  return sum;
}

const ROUND_CONSTANTS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

/** The compression function of SHA-256 (FIPS 180-4) over so many blocks of 64 bytes. */
export function sha256(n: i32): i32 {
  for (let i: u32 = 0; i < 8; i++) store<u32>(STATE + ((<usize>i) << 2), 0x6a09e667 + i * 0x01010101);
  let seed: u32 = 5;
  for (let block = 0; block < n; block++) {
    for (let i: usize = 0; i < 16; i++) {
      seed = next(seed);
      store<u32>(SCHEDULE + (i << 2), seed);
    }
    for (let i: usize = 16; i < 64; i++) {
      const w15 = load<u32>(SCHEDULE + ((i - 15) << 2));
      const w2 = load<u32>(SCHEDULE + ((i - 2) << 2));
      const s0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >> 3);
      const s1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >> 10);
      const sum = load<u32>(SCHEDULE + ((i - 16) << 2)) + s0 + load<u32>(SCHEDULE + ((i - 7) << 2)) + s1;
      store<u32>(SCHEDULE + (i << 2), sum);
    }
    let a = load<u32>(STATE, 0);
    let b = load<u32>(STATE, 4);
    let c = load<u32>(STATE, 8);
    let d = load<u32>(STATE, 12);
    let e = load<u32>(STATE, 16);
    let f = load<u32>(STATE, 20);
    let g = load<u32>(STATE, 24);
    let h = load<u32>(STATE, 28);
    for (let i: usize = 0; i < 64; i++) {
      const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
      const choice = (e & f) ^ (~e & g);
      const t1 = h + s1 + choice + load<u32>(ROUND_CONSTANTS + (i << 2)) + load<u32>(SCHEDULE + (i << 2));
      const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + s0 + majority;
    }
    store<u32>(STATE, load<u32>(STATE, 0) + a, 0);
    store<u32>(STATE, load<u32>(STATE, 4) + b, 4);
    store<u32>(STATE, load<u32>(STATE, 8) + c, 8);
    store<u32>(STATE, load<u32>(STATE, 12) + d, 12);
    store<u32>(STATE, load<u32>(STATE, 16) + e, 16);
    store<u32>(STATE, load<u32>(STATE, 20) + f, 20);
    store<u32>(STATE, load<u32>(STATE, 24) + g, 24);
    store<u32>(STATE, load<u32>(STATE, 28) + h, 28);
  }
  return load<u32>(STATE) ^ load<u32>(STATE, 28);
}

/** Five bodies that attract each other, so many steps of time. A body: x y z, vx vy vz, mass. */
export function nbody(n: i32): i32 {
  for (let i: usize = 0; i < 5; i++) {
    const body = BODIES + i * 56;
    const k = <f64>i + 1;
    store<f64>(body, k * 1.5, 0);
    store<f64>(body, k * k * 0.25 - 2, 8);
    store<f64>(body, 3 - k * 0.75, 16);
    store<f64>(body, 0.01 * k, 24);
    store<f64>(body, 0.02 - 0.003 * k, 32);
    store<f64>(body, 0.005 * k * k, 40);
    store<f64>(body, 1 / k, 48);
  }
  const dt: f64 = 0.001;
  for (let step = 0; step < n; step++) {
    for (let i: usize = 0; i < 5; i++) {
      const one = BODIES + i * 56;
      for (let j: usize = i + 1; j < 5; j++) {
        const two = BODIES + j * 56;
        const dx = load<f64>(one, 0) - load<f64>(two, 0);
        const dy = load<f64>(one, 8) - load<f64>(two, 8);
        const dz = load<f64>(one, 16) - load<f64>(two, 16);
        const square = dx * dx + dy * dy + dz * dz + 0.01;
        const pull = dt / (square * sqrt<f64>(square));
        const m1 = load<f64>(one, 48) * pull;
        const m2 = load<f64>(two, 48) * pull;
        store<f64>(one, load<f64>(one, 24) - dx * m2, 24);
        store<f64>(one, load<f64>(one, 32) - dy * m2, 32);
        store<f64>(one, load<f64>(one, 40) - dz * m2, 40);
        store<f64>(two, load<f64>(two, 24) + dx * m1, 24);
        store<f64>(two, load<f64>(two, 32) + dy * m1, 32);
        store<f64>(two, load<f64>(two, 40) + dz * m1, 40);
      }
    }
    for (let i: usize = 0; i < 5; i++) {
      const body = BODIES + i * 56;
      store<f64>(body, load<f64>(body, 0) + dt * load<f64>(body, 24), 0);
      store<f64>(body, load<f64>(body, 8) + dt * load<f64>(body, 32), 8);
      store<f64>(body, load<f64>(body, 16) + dt * load<f64>(body, 40), 16);
    }
  }
  return <i32>(load<f64>(BODIES) * 1e6);
}

/** The sieve of Eratosthenes up to so many. */
export function sieve(n: i32): i32 {
  memory.fill(FIELD, 0, n);
  let count = 0;
  for (let i = 2; i < n; i++) {
    if (load<u8>(FIELD + <usize>i) != 0) continue;
    count++;
    for (let j = i + i; j < n; j += i) store<u8>(FIELD + <usize>j, 1);
  }
  return count;
}

/** Texts of 4,096 characters: upper case, reversed, and a word looked for, so many times. */
export function text(n: i32): i32 {
  let seed: u32 = 3;
  for (let i: usize = 0; i < 4096; i++) {
    seed = next(seed);
    store<u8>(TEXT + i, <u8>(0x61 + ((seed >> 24) % 6)));
  }
  let sum: u32 = 0;
  for (let round = 0; round < n; round++) {
    for (let i: usize = 0; i < 4096; i++) {
      const c = load<u8>(TEXT + i);
      store<u8>(OTHER_TEXT + (4095 - i), c >= 0x61 && c <= 0x7a ? c - 0x20 : c);
    }
    for (let i: usize = 0; i + 4 <= 4096; i++) {
      let same: usize = 0;
      while (same < 4 && load<u8>(OTHER_TEXT + i + same) == <u8>(0x44 - (same & 3))) same++;
      if (same == 4) sum = sum * 31 + <u32>i;
    }
    store<u8>(TEXT + <usize>(round & 4095), <u8>(0x61 + (round % 6)));
  }
  return sum;
}

/** Fibonacci numbers by recursion. */
export function recursion(n: i32): i32 {
  return n < 2 ? n : recursion(n - 1) + recursion(n - 2);
}

function addThree(x: u32): u32 {
  return x + 3;
}
function mix(x: u32): u32 {
  return x ^ (x >> 7);
}
function scale(x: u32): u32 {
  return x * 2654435761;
}
function turn(x: u32): u32 {
  return rotl<u32>(x, 5);
}
const FUNCTIONS: StaticArray<(x: u32) => u32> = [addThree, mix, scale, turn];

/** Calls of small functions through a table, so many. */
export function calls(n: i32): i32 {
  let x: u32 = 1;
  for (let i = 0; i < n; i++) x = unchecked(FUNCTIONS[(x >> 3) & 3])(x + <u32>i);
  return x;
}

/** Branches that hardly can be foretold: the steps of the 3n + 1 problem up to so many. */
export function branches(n: i32): i32 {
  let longest = 0;
  let sum: u32 = 0;
  for (let i = 1; i <= n; i++) {
    let x: u32 = i;
    let steps = 0;
    while (x != 1) {
      if ((x & 1) == 0) x >>= 1;
      else x = x * 3 + 1;
      steps++;
      if (steps > 500) break;
    }
    if (steps > longest) longest = steps;
    if (steps % 3 == 0) sum += steps;
    else if (steps % 5 == 0) sum ^= steps;
    else sum += 1;
  }
  return sum + longest;
}

/** Reads and writes all over 4 MiB, and copies of whole pages, so many. */
export function scattered(n: i32): i32 {
  memory.fill(FIELD, 1, 4194304);
  let seed: u32 = 11;
  let sum: u32 = 0;
  for (let i = 0; i < n; i++) {
    seed = next(seed);
    const at = FIELD + <usize>((seed >> 10) & 0x3ffffc);
    const value = load<u32>(at) + seed;
    store<u32>(at, value);
    sum ^= value;
    if ((i & 1023) == 0) {
      const page = <usize>((seed >> 16) & 1023) << 12;
      memory.copy(FIELD + page, FIELD + (<usize>((i >> 10) & 1023) << 12), 4096);
    }
  }
  return sum;
}
