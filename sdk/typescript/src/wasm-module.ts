/** A WebAssembly module: what `fs.readFile` or a browser's `fetch` gives. */
export type WasmModule = Uint8Array | ArrayBuffer | Blob;

const CHUNK_BYTES = 0x8000;

/** Base64 (RFC 4648, section 4), in which JSON carries a module. */
export async function moduleToBase64(module: WasmModule): Promise<string> {
  const bytes = await bytesOf(module);
  let text = '';
  // In pieces: a call takes only so many arguments.
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK_BYTES));
  }
  return btoa(text);
}

async function bytesOf(module: WasmModule): Promise<Uint8Array> {
  if (module instanceof Uint8Array) return module;
  if (module instanceof ArrayBuffer) return new Uint8Array(module);
  if (module instanceof Blob) return new Uint8Array(await module.arrayBuffer());
  throw new TypeError('wasmModule must be a Uint8Array, an ArrayBuffer or a Blob.');
}
