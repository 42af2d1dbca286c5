/** What a page's marked places are filled with, by their names. */
export interface Fillings {
  /** @throws when there is no such section */
  section(name: string): string;
  /** @throws when there is no such figure */
  inline(name: string): string;
}

const SECTION = /(<!-- section: (.+?) -->\n)[\s\S]*?(<!-- end -->)/g;
const INLINE = /(<!--= (.+?) -->)[\s\S]*?(<!--\/-->)/g;

/**
 * Fills the marked places of a page anew and leaves the rest as it is. A section stands between
 * `<!-- section: NAME -->` and `<!-- end -->`, a figure between `<!--= NAME -->` and `<!--/-->`.
 */
export function fillPage(page: string, fillings: Fillings): string {
  return page
    .replaceAll(SECTION, (_, begin: string, name: string, end: string) => {
      return `${begin}${fillings.section(name)}\n${end}`;
    })
    .replaceAll(INLINE, (_, begin: string, name: string, end: string) => {
      return `${begin}${fillings.inline(name)}${end}`;
    });
}

/** The names of a page's sections. */
export function sectionsOf(page: string): readonly string[] {
  return [...page.matchAll(SECTION)].map((match) => match[2] as string);
}
