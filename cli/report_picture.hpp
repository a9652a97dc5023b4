// SPDX-License-Identifier: GPL-3.0-or-later
//
// The report's picture: the newest mutes side by side, and under each what an application did in it. Every row is a
// drawing of its own that is as wide as there is room, so that its words can be text of the page. Pure.
#pragma once

#include "cli/report_facts.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace micguard::cli {

class ExposurePicture {
  public:
    // Of more mutes than these only the newest are shown.
    static constexpr std::size_t mostMutes = 12;

    struct Mute {
        std::uint64_t start = 0, end = 0;
        double left = 0, width = 0; // in thousandths of the whole
    };

    explicit ExposurePicture(const std::vector<Exposure>& rows);

    const std::vector<Mute>& mutes() const { return mutes_; }
    std::size_t of() const { return of_; } // how many there are in all
    // SVG, with what it shows as words in <title>. `name` is HTML.
    std::string drawn(const Exposure& row, const std::string& name) const;
    std::string drawnNumbers() const;

  private:
    std::vector<Mute> mutes_;
    std::size_t of_ = 0;
};

} // namespace micguard::cli
