/** Reads a JSON number; exact up to 15 digits and powers of ten up to 22. NaN when it is none. */
export function parseNumber(start: usize, end: usize): f64 {
  let at = start;
  const negative = at < end && load<u8>(at) == 0x2d;
  if (negative) at++;
  let digits: u64 = 0;
  let exponent: i32 = 0;
  let seen = false;
  let fraction = false;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0x2e && !fraction) {
      fraction = true;
      continue;
    }
    const digit = <u64>byte - 0x30;
    if (digit > 9) break;
    seen = true;
    // Nineteen digits fit; those behind them only move the point.
    const fits = digits < 1_000_000_000_000_000_000;
    if (fits) digits = digits * 10 + digit;
    exponent += (fits ? 0 : 1) - (fraction ? 1 : 0);
  }
  if (!seen) return NaN;
  if (at < end && (load<u8>(at) | 0x20) == 0x65) {
    at++;
    const down = at < end && load<u8>(at) == 0x2d;
    if (at < end && (down || load<u8>(at) == 0x2b)) at++;
    if (at >= end) return NaN;
    let shift: i32 = 0;
    for (; at < end; at++) {
      const digit = <u32>load<u8>(at) - 0x30;
      if (digit > 9) return NaN;
      shift = min(shift * 10 + <i32>digit, 9999);
    }
    exponent += down ? -shift : shift;
  }
  if (at != end) return NaN;
  const size = scale(<f64>digits, exponent);
  return negative ? -size : size;
}

function scale(size: f64, exponent: i32): f64 {
  if (size == 0) return 0;
  let power: f64 = 1;
  for (let i = min(abs(exponent), 350); i > 0; i--) power *= 10;
  return exponent < 0 ? size / power : size * power;
}
