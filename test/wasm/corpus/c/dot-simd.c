// Built with -msimd128: vector loads, multiplications and a reduction.
#include <wasm_simd128.h>

static float x[1024], y[1024];

/// Dot product of two vectors of n floats, n a multiple of 4 of at most 1024.
__attribute__((export_name("dot"))) float dot(int n) {
  v128_t sum = wasm_f32x4_splat(0);
  if (n > 1024 || n % 4) return -1;
  for (int i = 0; i < n; i++) {
    x[i] = i * 0.5f;
    y[i] = (float)(n - i);
  }
  for (int i = 0; i < n; i += 4)
    sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load(x + i), wasm_v128_load(y + i)));
  return wasm_f32x4_extract_lane(sum, 0) + wasm_f32x4_extract_lane(sum, 1) +
         wasm_f32x4_extract_lane(sum, 2) + wasm_f32x4_extract_lane(sum, 3);
}
