/** Where a page begins. */
export interface Place {
  readonly offset?: number;
  readonly cursor?: string;
}

interface Page {
  readonly next_offset?: number;
  readonly next_cursor?: string;
}

/** The items of all pages, each page asked for when the one before is used up. */
export async function* everyItem<Answer extends Page, Item>(
  ask: (place: Place) => Promise<Answer>,
  itemsOf: (page: Answer) => readonly Item[],
): AsyncGenerator<Item, void, undefined> {
  let place: Place | undefined = {};
  while (place !== undefined) {
    const page: Answer = await ask(place);
    yield* itemsOf(page);
    const { next_offset: offset, next_cursor: cursor } = page;
    if (cursor !== undefined) place = { cursor };
    else place = offset === undefined ? undefined : { offset };
  }
}
