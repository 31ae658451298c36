// One user's part of a storage: people share browsers, and one must not find another's data.

/**
 * A storage with keys of this user's own. Where the browser denies storage (as to a frame on
 * another site while third-party cookies are blocked), it lasts as long as the frame.
 */
export function scopedStorage(user, storage) {
  const suffix = digest(user);
  const own = (key) => `${key}@${suffix}`;
  const target = isUsable(storage, own("probe")) ? storage : memoryStorage();
  return {
    getItem: (key) => target.getItem(own(key)),
    setItem: (key, value) => target.setItem(own(key), value),
    removeItem: (key) => target.removeItem(own(key)),
  };
}

/** FNV-1a with 64 bits: a user's name may be a phone number, which no key may show. */
function digest(text) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(36);
}

function isUsable(storage, probe) {
  try {
    storage.setItem(probe, "1");
    storage.removeItem(probe);
    return true;
  } catch {
    return false;
  }
}

function memoryStorage() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}
