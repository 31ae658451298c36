import assert from "node:assert/strict";
import { test } from "node:test";
import {
  objection,
  recognised,
  scaledSize,
  sniff,
  typeOf,
} from "../../../frontend/assets/js/models/attachments.js";

const config = {
  limits: { max_images: 2, image_max_bytes: 1000 },
  accept: ["image/png", "application/pdf"],
};

test("files are judged by kind, size and number before they are sent", () => {
  assert.equal(objection({ name: "a.png", type: "image/png", size: 10 }, 0, 0, config), null);
  assert.equal(objection({ name: "a.pdf", type: "", size: 10 }, 0, 0, config), null);
  assert.equal(objection({ name: "a.exe", type: "", size: 10 }, 0, 0, config).key, "wrongType");
  assert.equal(objection({ name: "a.pdf", type: "", size: 2000 }, 0, 0, config).key, "tooLarge");
  // A picture that is too large is scaled first.
  assert.equal(objection({ name: "a.png", type: "image/png", size: 2000 }, 0, 0, config), null);
  assert.equal(
    objection({ name: "a.png", type: "image/png", size: 10 }, 2, 2, config).key,
    "tooMany",
  );
});

test("a picture is scaled only when it is refused or far above what is kept", () => {
  const limits = {
    image_max_bytes: 20e6,
    image_max_pixels: 50e6,
    image_max_side: 2048,
    image_longest_side: 30_000,
  };
  assert.equal(scaledSize({ width: 3840, height: 2160 }, 5e6, limits), null);
  assert.deepEqual(scaledSize({ width: 8192, height: 4096 }, 5e6, limits), {
    width: 2048,
    height: 1024,
  });
  assert.deepEqual(scaledSize({ width: 3000, height: 3000 }, 30e6, limits), {
    width: 2048,
    height: 2048,
  });
  // A long phone screenshot is cut into tiles by the gateway: its letters stay as they are.
  assert.equal(scaledSize({ width: 1080, height: 9000 }, 5e6, limits), null);
  const { width, height } = scaledSize({ width: 3000, height: 30000 }, 5e6, limits);
  assert.ok(width * height <= 50e6);
  assert.deepEqual(scaledSize({ width: 100, height: 40_000 }, 5e6, limits), {
    width: 75,
    height: 30_000,
  });
});

test("a HEIC picture is known by its name where the browser knows no type", () => {
  assert.equal(typeOf({ name: "IMG_1.HEIC", type: "" }), "image/heic");
  assert.equal(typeOf({ name: "IMG_1.heif", type: "image/heif" }), "image/heic");
});

test("a picture is known by its bytes, whatever type it declares", async () => {
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]);
  for (const type of ["application/octet-stream", "image/x-png", "", "text/plain"])
    assert.equal((await recognised(new File([png], "shot", { type }))).type, "image/png");
  const bytes = (text) => Uint8Array.from(text, (one) => one.charCodeAt(0));
  const kinds = {
    "\xff\xd8\xff\xe0": "image/jpeg",
    RIFF0000WEBP: "image/webp",
    GIF89a: "image/gif",
    "0000ftypheic": "image/heic",
    "\n%PDF-1.7": "application/pdf",
    MZ: "",
    "": "",
    [`BM${"0".repeat(30)}`]: "image/bmp",
    RIFF0000WAVE: "",
  };
  for (const [head, type] of Object.entries(kinds)) assert.equal(sniff(bytes(head)), type, head);
  // What its bytes do not tell keeps its name: the gateway judges it.
  assert.equal(typeOf(await recognised(new File(["anything"], "IMG_1.HEIC"))), "image/heic");
});
