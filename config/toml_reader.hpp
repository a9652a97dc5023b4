// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files to settings. Survives any input: the worst that a file can do is to be refused.
#pragma once

#include "config/diagnostic.hpp"
#include "config/file_text.hpp"
#include "config/layers.hpp"
#include "config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace micguard {

// `file` is only named in diagnostics and origins. A file with anything wrong in it counts for nothing as a
// whole: half a configuration is not what its author asked for.
tl::expected<Layer, Diagnostics> parseLayer(std::string_view text, const std::string& file,
                                            LayerRank rank = LayerRank::User);

// A missing file is an error here.
tl::expected<Layer, Diagnostics> readLayer(const std::string& path, LayerRank rank = LayerRank::User,
                                           Trust trust = Trust::Anybody);

// A file as it was read, for the last good configuration and to see whether anything has changed.
struct SourceText {
    LayerRank rank = LayerRank::User;
    std::string path;
    std::string text;
    bool operator==(const SourceText&) const = default;
};

struct Loaded {
    Configuration configuration; // of the files that are sound
    Diagnostics errors;          // none: all are
    std::vector<SourceText> sources;
};

// The files that are there, folders of fragments as what is in them, each with whether it may be missing.
// What is wrong with a folder goes into `errors`. `alsoThere` is taken to be there.
std::vector<LayerFile> presentFiles(const std::vector<LayerFile>& files, Diagnostics& errors,
                                    const std::string& alsoThere = "");

// What one file is to hold, whatever is on the disk: for a look ahead.
struct Replacement {
    std::string path;
    std::string text;
};

// The built-in defaults with every file over them, the later the stronger. Reads on after a bad file, so that
// one look shows everything that is wrong.
Loaded load(const std::vector<LayerFile>& files, const std::optional<Replacement>& instead = std::nullopt);

// The same of texts that were sound when they were read before, by another version perhaps. Of one that is not any more what is sound
// counts; and since something is not known, applications that no rule speaks of are asked about, where they would be allowed.
Loaded configurationOf(const std::vector<SourceText>& sources);

// load(), refused as a whole if anything is wrong.
tl::expected<Settings, Diagnostics> readSettings(const std::vector<LayerFile>& files);

} // namespace micguard
