#!/bin/sh
# Runs before nginx starts. Copies the page, so that its files do not change while nginx serves
# them, and puts their digest into the paths of assets in the pages. Browsers keep these assets.
set -eu
etc=${NGINX_ETC:-/etc/nginx}
out=$etc/generated
new=$out/frontend.new
umask 022
mkdir -p "$out"
rm -rf "$new"
# With the times of the files: their ETags stay the same when nginx starts again.
cp -Rp "${NGINX_PAGE:-/usr/share/sightdesk/frontend}" "$new"
digest=$(cd "$new" && find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum | cut -c 1-16)
for name in chat.html desk.html; do
    # A new file with the present time: its ETag changes where only an asset has changed.
    sed "s#=\"/assets/#=\"/assets/$digest/#g" "$new/$name" >"$new/$name.new"
    mv -f "$new/$name.new" "$new/$name"
done
printf '"~^/assets/%s/" "public, max-age=31536000, immutable";\n' "$digest" >"$out/lifetimes.conf"
rm -rf "$out/frontend"
mv "$new" "$out/frontend"
