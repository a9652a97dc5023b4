#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The applet's texts for translators, as KDE's scripty calls it ($XGETTEXT and $podir are its); by hand:
#   XGETTEXT="xgettext --from-code=UTF-8 -C --kde -ki18nc:1c,2 -ki18ncp:1c,2,3 -ki18n:1 -ki18np:1,2" podir=po ./Messages.sh
# shellcheck disable=SC2154,SC2046,SC2086
$XGETTEXT $(find package -name '*.qml' | sort) -o "$podir/plasma_applet_org.micguard.plasma.pot"
