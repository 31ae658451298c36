// Agents share browsers: what is kept for one token's user is not found by another's. And a frame on another site often
// has no storage at all, once third-party cookies are blocked: then it is kept as long as the frame lives.
export function shelfOf(user, storage) {
  const mark = digest(user);
  const own = (key) => `${key}@${mark}`;
  const shelf = usable(storage, own("probe")) ? storage : memory();
  return {
    getItem: (key) => shelf.getItem(own(key)),
    setItem: (key, value) => shelf.setItem(own(key), value),
    removeItem: (key) => shelf.removeItem(own(key)),
  };
}

/** FNV-1a of 64 bits: a user's name may be a telephone number, and what lies in the browser is not to spell it out. */
function digest(text) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(36);
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
