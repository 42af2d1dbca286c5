import { compileAgent } from '../harness/agents.js';
import { rawEcho } from '../harness/raw-echo.js';

const echo = rawEcho(new WebAssembly.Module(await compileAgent('raw-echo')));

/** A task of the pool: the message goes through the module and back. */
export default (message: Uint8Array): Uint8Array => echo(message).slice();
