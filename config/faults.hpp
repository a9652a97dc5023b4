// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is found wrong while one file is read. Only for files of this folder.
#pragma once

#include "config/diagnostic.hpp"
#include "config/document.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace micguard {

class Faults {
  public:
    explicit Faults(const std::string& file)
        : file_(file) {}

    const std::string& file() const { return file_; }
    void add(std::uint32_t line, std::uint32_t column, std::string what, std::string mend) {
        note(errors_, {file_, line, column, std::move(what), std::move(mend)});
    }
    // At a value, and at the key before one.
    void at(const Item& item, std::string what, std::string mend) {
        add(item.line, item.column, std::move(what), std::move(mend));
    }
    void atKey(const Item& item, std::string what, std::string mend) {
        add(item.keyLine, item.keyColumn, std::move(what), std::move(mend));
    }
    void warn(const Item& item, std::string what, std::string mend) {
        note(warnings_, {file_, item.line, item.column, std::move(what), std::move(mend), Severity::Warning});
    }

    // So much is wrong that nobody reads more of it.
    bool full() const { return errors_.size() > limit; }
    bool any() const { return !errors_.empty(); }
    std::size_t count() const { return errors_.size(); }
    // People read files from the top.
    Diagnostics errors() && { return inOrder(std::move(errors_)); }
    Diagnostics warnings() && { return inOrder(std::move(warnings_)); }

  private:
    static constexpr std::size_t limit = 20;

    static void note(Diagnostics& found, Diagnostic diagnostic) {
        if (found.size() > limit)
            return;
        if (found.size() == limit) {
            diagnostic.what = "more is wrong from here on";
            diagnostic.mend = "mend the lines above first";
        }
        found.push_back(std::move(diagnostic));
    }
    static Diagnostics inOrder(Diagnostics found) {
        std::stable_sort(found.begin(), found.end(), [](const Diagnostic& a, const Diagnostic& b) {
            return a.line != b.line ? a.line < b.line : a.column < b.column;
        });
        return found;
    }

    const std::string& file_;
    Diagnostics errors_, warnings_;
};

} // namespace micguard
