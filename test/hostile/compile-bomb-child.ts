import { readFileSync } from 'node:fs';
import { meterModule } from '../../src/wasm/meter.js';

/*
 * Meters, compiles and starts the module of a file. Started with flags that make V8 optimize every
 * function at once, it prints by how much its memory grew at most, in bytes, and ends.
 */
const bytes = meterModule(readFileSync(process.argv[2] as string)).bytes;
const before = process.resourceUsage().maxRSS;
const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
const instance = new WebAssembly.Instance(module, {});
const grown = (process.resourceUsage().maxRSS - before) * 1024;
console.log(JSON.stringify({ grown, exports: Object.keys(instance.exports).length }));
