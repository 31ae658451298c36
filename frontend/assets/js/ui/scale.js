// Pictures redrawn in the browser: upright (the browser applies EXIF's orientation, which goes with all other metadata).
const PNG = "image/png";
const JPEG_QUALITY = 0.92;

/** The file itself, or a smaller drawing of it where `wanted({width, height}, bytes)` names a size. */
export async function fitted(file, wanted, scaling) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file; // the gateway says what is wrong with it
  const size = wanted(picture, file.size);
  if (!size) return file;
  const mustShrink = wanted(picture, 0) !== null;
  scaling();
  const canvas = drawn(picture, size);
  // A screenshot stays lossless unless that is what makes it too large.
  const png = file.type === PNG ? await blobOf(canvas, PNG) : null;
  const blob = png && !wanted(size, png.size) ? png : await blobOf(canvas, "image/jpeg", JPEG_QUALITY);
  return blob.size < file.size || mustShrink ? named(blob, file.name) : file;
}

function drawn(picture, { width, height }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return canvas;
}

/** `boxes` painted over, then cut to `crop`; each is {x, y, width, height} in the picture's pixels. */
export async function redacted(file, boxes, crop) {
  const picture = await createImageBitmap(file);
  const { width, height } = picture;
  const canvas = drawn(picture, { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "#000";
  for (const box of boxes) context.fillRect(Math.floor(box.x), Math.floor(box.y), Math.ceil(box.width) + 1, Math.ceil(box.height) + 1);
  const kept = crop ? cropped(canvas, crop) : canvas;
  const type = file.type === "image/jpeg" ? file.type : PNG;
  return named(await blobOf(kept, type, JPEG_QUALITY), file.name);
}

function cropped(canvas, { x, y, width, height }) {
  const part = Object.assign(document.createElement("canvas"), { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) });
  part.getContext("2d").drawImage(canvas, -Math.round(x), -Math.round(y));
  return part;
}

const blobOf = (canvas, type, quality) => new Promise((resolve) => canvas.toBlob(resolve, type, quality));

function named(blob, name = "picture") {
  const suffix = blob.type === PNG ? "png" : "jpg";
  return new File([blob], `${name.replace(/\.\w+$/, "")}.${suffix}`, { type: blob.type });
}
