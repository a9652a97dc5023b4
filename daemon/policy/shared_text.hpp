// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace micguard {

// A text that does not change, and of which a copy costs nothing: the same reason stands with thousands of pairs of
// application and microphone. Not null; empty by itself.
class SharedText {
  public:
    SharedText() = default;
    SharedText(std::string text)
        : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
    SharedText(const char* text)
        : SharedText(std::string(text)) {}

    const std::string& str() const {
        static const std::string none;
        return text_ ? *text_ : none;
    }
    operator const std::string&() const { return str(); }
    bool empty() const { return !text_; }
    bool operator==(const SharedText& other) const { return text_ == other.text_ || str() == other.str(); }

  private:
    std::shared_ptr<const std::string> text_; // nullptr: empty
};

} // namespace micguard
