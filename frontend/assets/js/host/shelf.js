// Agents share browsers: what is kept for one token's user is not found by another's. And a frame on another site often
// has no storage at all, once third-party cookies are blocked: then it is kept as long as the frame lives.
export function shelfOf(user, storage) {
  const own = (key) => `${key}@${user}`;
  const shelf = usable(storage, own("probe")) ? storage : memory();
  return {
    getItem: (key) => shelf.getItem(own(key)),
    setItem: (key, value) => shelf.setItem(own(key), value),
    removeItem: (key) => shelf.removeItem(own(key)),
  };
}

function usable(storage, probe) {
  try {
    storage.setItem(probe, "1");
    storage.removeItem(probe);
    return true;
  } catch {
    return false;
  }
}

function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
}
