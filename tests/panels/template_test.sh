#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The template for translators has every text of the GNOME panel. Skipped where there is no xgettext.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v xgettext >/dev/null || exit 77
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy/scripts"
cp -r scripts/pack-gnome scripts/lib.sh "$copy/scripts/"
mkdir "$copy/panels"
cp -r panels/gnome "$copy/panels/"
"$copy/scripts/pack-gnome" --template
# Another xgettext writes another head, and places move with every line: the texts are what counts.
texts() { msgcat --no-location --sort-output --no-wrap "$1" | sed '1,/^$/d'; }
diff <(texts panels/gnome/po/micguard-gnome.pot) <(texts "$copy/panels/gnome/po/micguard-gnome.pot") || {
  echo "panels/gnome/po/micguard-gnome.pot is not up to date: scripts/pack-gnome --template"
  exit 1
}
