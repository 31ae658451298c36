// Pictures redrawn in the browser. Drawing applies EXIF's orientation and drops all metadata.
const PNG = "image/png";
const JPEG = "image/jpeg";
const JPEG_QUALITY = 0.92;

/**
 * The file itself, or a smaller drawing of it where `wanted({width, height}, bytes)` names a size.
 * `onScaling()` is called before drawing begins.
 */
export async function scaledDown(file, wanted, onScaling) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file; // the gateway says what is wrong with it
  const size = wanted(picture, file.size);
  if (!size) return file;
  const mustShrink = wanted(picture, 0) !== null;
  onScaling();
  const canvas = drawn(picture, size);
  // Screenshots stay lossless, transparent pictures transparent, unless that makes them too large.
  const png = file.type === PNG || isTransparent(canvas) ? await blobOf(canvas, PNG) : null;
  const blob = png && !wanted(size, png.size) ? png : await blobOf(canvas, JPEG);
  return blob.size < file.size || mustShrink ? named(blob, file.name) : file;
}

/**
 * The picture with black boxes over it, cut to `crop` where there is one. Each box is
 * {x, y, width, height} in the picture's pixels.
 */
export async function redacted(file, boxes, crop) {
  const picture = await createImageBitmap(file);
  const { width, height } = picture;
  const canvas = drawn(picture, { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "#000";
  for (const box of boxes) {
    const [w, h] = [Math.ceil(box.width) + 1, Math.ceil(box.height) + 1];
    context.fillRect(Math.floor(box.x), Math.floor(box.y), w, h);
  }
  const kept = crop ? cropped(canvas, crop) : canvas;
  return named(await blobOf(kept, file.type === JPEG ? JPEG : PNG), file.name);
}

function canvasOf(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

function drawn(picture, { width, height }) {
  const canvas = canvasOf(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return canvas;
}

function cropped(canvas, { x, y, width, height }) {
  const part = canvasOf(Math.max(1, Math.round(width)), Math.max(1, Math.round(height)));
  part.getContext("2d").drawImage(canvas, -Math.round(x), -Math.round(y));
  return part;
}

function isTransparent(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha] < 255) return true;
  return false;
}

/** JPEG has no transparency: without a white ground, transparent pixels become black. */
function blobOf(canvas, type) {
  if (type === JPEG) {
    const context = canvas.getContext("2d");
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  return new Promise((resolve) => canvas.toBlob(resolve, type, JPEG_QUALITY));
}

function named(blob, name = "picture") {
  const suffix = blob.type === PNG ? "png" : "jpg";
  return new File([blob], `${name.replace(/\.\w+$/, "")}.${suffix}`, { type: blob.type });
}
