import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Texts of files by their path from the repository's root, with `/` between folders. */
export type SourceTree = ReadonlyMap<string, string>;

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

// What tools make, or record, is not ours to keep tidy.
const LEFT_OUT = /(^|\/)(node_modules|dist|build|golden|results|\.[^/]+)(\/|$)/;

/** Reads all files below the given folders whose names end in one of the extensions. */
export function readTree(
  folders: readonly string[],
  extensions: readonly string[],
  root = ROOT,
): SourceTree {
  const tree = new Map<string, string>();
  for (const folder of folders) {
    if (!existsSync(join(root, folder))) continue;
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const full = join(entry.parentPath, entry.name);
      const path = relative(root, full).split(sep).join('/');
      const wanted = extensions.some((extension) => path.endsWith(extension));
      if (entry.isFile() && wanted && !LEFT_OUT.test(path))
        tree.set(path, readFileSync(full, 'utf8'));
    }
  }
  return tree;
}

/** The text of one file of the repository. */
export function readRepositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

interface PackageManifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export function readManifest(): PackageManifest {
  return JSON.parse(readRepositoryFile('package.json'));
}
