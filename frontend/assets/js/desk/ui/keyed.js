// Lists that are drawn again without losing the focus or the place that one reads at.

/**
 * Makes `list` hold an element for each of `items`, in their order. `draw(item, element)` fills a
 * new element, or the one that the item had; `make()` makes one. Elements that stay are not moved
 * where they are in their place already.
 */
export function drawKeyed(list, items, { make, draw }) {
  const known = new Map(Array.from(list.children, (one) => [one.dataset.key, one]));
  let before = null;
  for (const item of items) {
    const element = known.get(item.id) ?? make();
    element.dataset.key = item.id;
    known.delete(item.id);
    draw(item, element);
    const place = before ? before.nextElementSibling : list.firstElementChild;
    if (place !== element) list.insertBefore(element, place);
    before = element;
  }
  for (const gone of known.values()) gone.remove();
}
