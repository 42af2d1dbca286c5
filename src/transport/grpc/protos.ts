import { isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** The folder `proto/` of the package. */
const PROTO_FOLDER = fileURLToPath(new URL('../../../../proto/', import.meta.url));

/** Files that declare services; what they import is found by itself. */
const SERVICE_FILES = [
  'caxton/v1/agent.proto',
  'caxton/v1/event.proto',
  'caxton/v1/message.proto',
  'caxton/v1/metrics.proto',
  'caxton/v1/deployment.proto',
  'caxton/v1/task.proto',
] as const;

export const PACKAGE = 'caxton.v1';

export const GOOGLE_FOLDER = 'google/protobuf/';

/**
 * Reads the `.proto` files, with names as they are written there.
 * @param others files of other packages, by their absolute paths
 */
export function parseProtos(others: readonly string[] = []): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    isAbsolute(target) || target.startsWith(GOOGLE_FOLDER) ? target : join(PROTO_FOLDER, target);
  return root.loadSync([...SERVICE_FILES, ...others], { keepCase: true });
}

/** A file's name as an import would write it. */
export function importName(file: string): string {
  return isAbsolute(file) ? relative(PROTO_FOLDER, file) : file;
}
