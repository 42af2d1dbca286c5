/**
 * The module `bench/agents/raw-echo.wat` as a function: bytes into its memory, the call, and a view
 * of the answer in its memory, which holds until the next call.
 */
export function rawEcho(module: WebAssembly.Module): (bytes: Uint8Array) => Uint8Array {
  const { exports } = new WebAssembly.Instance(module);
  const echo = exports.echo as (length: number) => number;
  const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
  const input = (exports.input as WebAssembly.Global).value as number;
  const output = (exports.output as WebAssembly.Global).value as number;
  return (bytes) => {
    memory.set(bytes, input);
    return memory.subarray(output, output + echo(bytes.length));
  };
}
