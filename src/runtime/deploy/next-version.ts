/**
 * The version that a new module gets when nobody names one: the minor number goes up
 * (https://semver.org), 1.0.3 → 1.1.0. What is no such version gets a number behind it.
 */
export function nextVersion(version: string): string {
  const semantic = /^(\d{1,9})\.(\d{1,9})\.\d+(?:[-+].*)?$/.exec(version);
  if (semantic) return `${semantic[1]}.${Number(semantic[2]) + 1}.0`;
  const numbered = /^(.*)-(\d{1,9})$/.exec(version);
  return numbered ? `${numbered[1]}-${Number(numbered[2]) + 1}` : `${version}-2`;
}
