# SPDX-License-Identifier: GPL-3.0-or-later
#
# From deb822 source files: the first enabled stanza of binary packages that serves `suite` with `main`, its
# Suites replaced by `into`, everything else (keys written out in it included) as it stands. Exits 1 if none.
# Variables: suite, into.

function finish(  i, out) {
  if (!found && types ~ /(^|[ \t])deb([ \t]|$)/ && (" " suites " ") ~ ("[ \t]" suite "/?[ \t]") &&
      (" " components " ") ~ /[ \t]main[ \t]/ && enabled !~ /^[ \t]*([Nn]o|[Ff]alse|[Oo]ff|0)[ \t]*$/) {
    found = 1
    print "sources"
    for (i = 1; i <= lines; i++) print line[i]
  }
  lines = 0; field = ""; types = suites = components = enabled = ""
}

FNR == 1 { finish() }
{ sub(/\r$/, "") }
/^#/ { next }
/^[ \t]*$/ { finish(); next }
{
  text = $0
  if (text !~ /^[ \t]/) {
    field = tolower(substr(text, 1, index(text, ":") - 1))
    text = substr(text, index(text, ":") + 1)
    if (field == "suites") line[++lines] = "Suites: " into
    else if (field == "types") line[++lines] = "Types: deb"
  }
  if (field == "types") types = types " " text
  else if (field == "suites") suites = suites " " text
  else {
    line[++lines] = $0
    if (field == "components") components = components " " text
    else if (field == "enabled") enabled = text
  }
}
END { finish(); exit !found }
