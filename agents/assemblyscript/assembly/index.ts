// What an agent needs from the host and of JSON, with no memory allocated per message. Built with
// the options of ../asconfig.json: the regions rely on the stub runtime.

export * from "./host";
export * from "./json";
export { Region, caxton_alloc } from "./memory";
export * from "./message";
export { parseNumber } from "./number";
export * from "./reply";
export { decodeString } from "./text";
export * from "./values";
